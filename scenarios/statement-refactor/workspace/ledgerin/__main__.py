import argparse
import sys
from pathlib import Path

from ledgerin import export
from ledgerin.banks import BANKS
from ledgerin.model import StatementError


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="ledgerin")
    parser.add_argument("bank", choices=sorted(BANKS))
    parser.add_argument("file", help="- for standard input")
    parser.add_argument("--summary", action="store_true")
    options = parser.parse_args(argv)
    data = sys.stdin.buffer.read() if options.file == "-" else Path(options.file).read_bytes()
    try:
        transactions = BANKS[options.bank](data)
    except StatementError as error:
        print(f"{options.file}: {error}", file=sys.stderr)
        return 1
    sys.stdout.write(export.summary(transactions) if options.summary else export.as_json(transactions))
    return 0


if __name__ == "__main__":
    sys.exit(main())
