"""The command `hookrelay`."""

import argparse
import os
import sys
from pathlib import Path

from hookrelay import __version__, signature
from hookrelay.deliver import deliver
from hookrelay.settings import SETTINGS, SettingsError, load
from hookrelay.spool import Spool

OK, USAGE, SETTINGS_WRONG, UNREADABLE, NOT_DELIVERED, NO_SECRET = 0, 2, 3, 4, 5, 6


def main(argv: list[str] | None = None, environ: dict[str, str] | None = None) -> int:
    options = _parser().parse_args(argv)
    try:
        source = sys.stdin.read() if options.config == "-" else Path(options.config).read_text(encoding="utf-8")
        values = load(source, os.environ if environ is None else environ)
    except SettingsError as error:
        for problem in error.problems:
            print(f"{options.config}: {problem}", file=sys.stderr)
        return SETTINGS_WRONG
    except (OSError, UnicodeDecodeError) as error:
        print(f"hookrelay: {error}", file=sys.stderr)
        return UNREADABLE
    return options.run(options, values)


def check(options, values) -> int:
    if options.show:
        for setting in SETTINGS:
            shown = "***" if setting.key == "secret" and values["secret"] else values[setting.key]
            print(f"{setting.key} = {shown}")
    return OK


def sign(options, values) -> int:
    if not values["secret"]:
        print("hookrelay: there is no secret to sign with", file=sys.stderr)
        return NO_SECRET
    print(signature.sign(values["secret"], Path(options.body).read_bytes()))
    return OK


def drain(options, values) -> int:
    spool = Spool(values["queue.folder"], values["queue.limit"])
    left = 0
    for path in spool.waiting()[: options.max]:
        if options.dry_run:
            print(path.name)
        elif deliver(path, values):
            path.unlink()
        else:
            spool.fail(path)
            left += 1
    return NOT_DELIVERED if left else OK


def requeue(options, values) -> int:
    spool = Spool(values["queue.folder"], values["queue.limit"])
    for path in spool.failed():
        if options.match in path.name:
            print(spool.retry(path).name)
    return OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hookrelay", description="Receives webhooks and passes them on.")
    parser.add_argument("--version", action="version", version=f"hookrelay {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for function, text in ((check, "check the settings"), (sign, "sign a body"), (drain, "deliver what waits"), (requeue, "let failed events wait again")):
        command = commands.add_parser(function.__name__, help=text)
        command.set_defaults(run=function)
        command.add_argument("--config", default="/etc/hookrelay.toml", help="the settings; - for standard input")
        if function is check:
            command.add_argument("--show", action="store_true", help="print every setting")
        elif function is sign:
            command.add_argument("body", help="a file")
        elif function is drain:
            command.add_argument("--max", type=int, default=None, help="stop after so many events")
            command.add_argument("--dry-run", action="store_true", help="only name them")
        else:
            command.add_argument("--match", default="", help="only those whose name contains this")
    return parser
