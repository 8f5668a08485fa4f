"""The command `inkwell`."""

import argparse
import sys
from pathlib import Path

from inkwell import __version__, filters, issue, render, theme


def main(argv: list[str] | None = None) -> int:
    """Gives the exit status: 0, or 2 when the input or an option is wrong."""
    options = _parser().parse_args(argv)
    if options.list:
        print("themes: " + ", ".join(theme.names()))
        print("filters: " + ", ".join(filters.names()))
        return 0
    try:
        text = sys.stdin.buffer.read() if options.source == "-" else Path(options.source).read_bytes()
        result = convert(text.decode("utf-8"), options.theme, [name for name in options.filters.split(",") if name])
    except (OSError, ValueError) as error:
        print(f"inkwell: {error}", file=sys.stderr)
        return 2
    if options.to is None:
        sys.stdout.buffer.write(result.encode("utf-8"))
    else:
        Path(options.to).write_text(result, encoding="utf-8")
    return 0


def convert(text: str, theme_name: str = "plain", filter_names: list[str] | None = None) -> str:
    parsed = issue.parse(text)
    for name in filter_names or []:
        change = filters.load(name)
        for block in parsed.blocks:
            block.text = change(block.text)
    return render.page(parsed, theme.load(theme_name))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="inkwell", description="Turns a plain-text newsletter into an HTML page.")
    parser.add_argument("source", nargs="?", default="-", help="the newsletter; standard input when absent")
    parser.add_argument("--theme", default="plain", help="see --list")
    parser.add_argument("--filters", default="", help="comma-separated, applied in this order; see --list")
    parser.add_argument("--to", metavar="FILE", help="write the page there instead of to standard output")
    parser.add_argument("--list", action="store_true", help="name the themes and filters and end")
    parser.add_argument("--version", action="version", version=f"inkwell {__version__}")
    return parser
