"""Nordbank: semicolons, Latin-1, a few lines about the account before the table and a balance after it."""

import csv
import io
import re
from datetime import date

from ledgerin.model import StatementError, Transaction

_COLUMNS = ["Buchungstag", "Empfänger", "Verwendungszweck", "Betrag", "Währung"]
_AMOUNT = re.compile(r"([+-]?)(\d{1,3}(?:\.\d{3})+|\d+),(\d{2})(-?)")


def read(data: bytes) -> list[Transaction]:
    text = data.decode("latin-1")
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))
    start = None
    for number, row in enumerate(rows, 1):
        if [cell.strip() for cell in row[: len(_COLUMNS)]] == _COLUMNS:
            start = number
            break
    if start is None:
        raise StatementError(1, "no table of transactions")
    found = []
    for number, row in enumerate(rows[start:], start + 1):
        if not any(cell.strip() for cell in row):
            continue
        if row[0].strip().startswith("Kontostand"):
            break
        if len(row) < len(_COLUMNS):
            raise StatementError(number, f"expected {len(_COLUMNS)} columns, found {len(row)}")
        day = _parse_date(number, row[0])
        cents = _parse_amount(number, row[3])
        currency = _parse_currency(number, row[4])
        payee = _clean(row[1])
        memo = _clean(row[2])
        if memo.startswith("SEPA-"):
            memo = memo[5:]
        found.append(Transaction(day, cents, currency, payee, memo))
    return found


def _parse_amount(number: int, text: str) -> int:
    stripped = text.strip()
    match = _AMOUNT.fullmatch(stripped)
    if not match:
        raise StatementError(number, f"no amount: {text!r}")
    sign, whole, fraction, trailing = match.groups()
    if sign and trailing:
        raise StatementError(number, f"two signs: {text!r}")
    cents = int(whole.replace(".", "")) * 100 + int(fraction)
    return -cents if "-" in (sign, trailing) else cents


def _parse_date(number: int, text: str) -> date:
    stripped = text.strip()
    match = re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", stripped, re.ASCII)
    if not match:
        raise StatementError(number, f"no date: {text!r}")
    day, month, year = (int(part) for part in match.groups())
    try:
        return date(year, month, day)
    except ValueError:
        raise StatementError(number, f"no date: {text!r}") from None


def _parse_currency(number: int, text: str) -> str:
    stripped = text.strip().upper()
    if not re.fullmatch(r"[A-Z]{3}", stripped):
        raise StatementError(number, f"no currency: {text!r}")
    return stripped


def _clean(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
