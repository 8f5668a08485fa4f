"""Volksfunk: tabs, UTF-8, no header, the sign as a letter behind the amount: S (Soll) leaves the account, H (Haben) comes in."""

import csv
import io
import re
import unicodedata
from datetime import date

from ledgerin.model import StatementError, Transaction

_WIDTH = 4
_AMOUNT = re.compile(r"(\d{1,3}(?:'\d{3})+|\d+)(?:,(\d{1,2}))?\s*([SH])")


def read(data: bytes) -> list[Transaction]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise StatementError(1, "not UTF-8") from None
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter="\t", quoting=csv.QUOTE_NONE))
    found = []
    for number, row in enumerate(rows, 1):
        if not any(cell.strip() for cell in row):
            continue
        if row[0].strip().startswith("#"):
            continue
        if len(row) < _WIDTH:
            raise StatementError(number, f"expected {_WIDTH} columns, found {len(row)}")
        day = _parse_date(number, row[0])
        cents = _parse_amount(number, row[1])
        payee = _clean(row[2])
        memo = _clean(row[3])
        currency = _parse_currency(number, row[4]) if len(row) > 4 else "EUR"
        found.append(Transaction(day, cents, currency, payee, memo))
    return found


def _parse_amount(number: int, text: str) -> int:
    stripped = text.strip()
    match = _AMOUNT.fullmatch(stripped)
    if not match:
        raise StatementError(number, f"no amount: {text!r}")
    whole, fraction, side = match.groups()
    cents = int(whole.replace("'", "")) * 100 + int((fraction or "0").ljust(2, "0"))
    return -cents if side == "S" else cents


def _parse_date(number: int, text: str) -> date:
    stripped = text.strip()
    match = re.fullmatch(r"(\d{2})(\d{2})(\d{2})", stripped, re.ASCII)
    if not match:
        raise StatementError(number, f"no date: {text!r}")
    day, month, year = (int(part) for part in match.groups())
    try:
        return date(2000 + year, month, day)
    except ValueError:
        raise StatementError(number, f"no date: {text!r}") from None


def _parse_currency(number: int, text: str) -> str:
    stripped = text.strip().upper()
    if not re.fullmatch(r"[A-Z]{3}", stripped):
        raise StatementError(number, f"no currency: {text!r}")
    return stripped


def _clean(text: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()
