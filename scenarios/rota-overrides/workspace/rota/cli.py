"""The command `rota`."""

import argparse
import sys
from datetime import datetime

from rota import load, render, schedule
from rota.model import RotaError


def main(argv: list[str] | None = None) -> int:
    """Exit status: 0; 1 when nobody is on call (now); 2 when the file or an option is wrong."""
    options = _parser().parse_args(argv)
    try:
        rota = load.load(options.file)
    except RotaError as error:
        for problem in error.problems:
            print(f"{options.file}: {problem}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"rota: {error}", file=sys.stderr)
        return 2
    if options.command == "now":
        person = schedule.on_call(rota, options.at or datetime.now())
        print(person or render.NOBODY)
        return 0 if person else 1
    found = schedule.shifts(rota, options.start, options.end)
    if options.command == "ics":
        sys.stdout.write(render.as_ics(rota, found))
    else:
        sys.stdout.write(render.as_text(found) if options.command == "show" else render.as_hours(found))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="rota", description="Who is on call, and when.")
    commands = parser.add_subparsers(dest="command", required=True)
    now = commands.add_parser("now", help="print who is on call")
    now.add_argument("file")
    now.add_argument("--at", type=datetime.fromisoformat, help="a moment other than now")
    for name, text in (("show", "list the shifts"), ("hours", "hours per person"), ("ics", "a calendar of the shifts")):
        command = commands.add_parser(name, help=text)
        command.add_argument("file")
        command.add_argument("--from", dest="start", type=datetime.fromisoformat, required=True)
        command.add_argument("--to", dest="end", type=datetime.fromisoformat, required=True)
    return parser
