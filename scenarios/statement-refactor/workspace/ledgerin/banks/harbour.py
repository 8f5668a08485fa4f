"""Harbour Bank: commas, UTF-8, money out and money in in two columns, parentheses for reversed entries."""

import csv
import io
import re
from datetime import date

from ledgerin.model import StatementError, Transaction

_COLUMNS = ["Date", "Payee", "Details", "Paid out", "Paid in", "Currency"]
_AMOUNT = re.compile(r"(\(?)(\d{1,3}(?:,\d{3})+|\d+)\.(\d{2})(\)?)")


def read(data: bytes) -> list[Transaction]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise StatementError(1, "not UTF-8") from None
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=","))
    if not rows or [cell.strip() for cell in rows[0][: len(_COLUMNS)]] != _COLUMNS:
        raise StatementError(1, "no table of transactions")
    found = []
    for number, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) < len(_COLUMNS):
            raise StatementError(number, f"expected {len(_COLUMNS)} columns, found {len(row)}")
        day = _parse_date(number, row[0])
        paid_out = _parse_amount(number, row[3])
        paid_in = _parse_amount(number, row[4])
        if paid_out is None and paid_in is None:
            raise StatementError(number, "neither paid out nor paid in")
        cents = (paid_in or 0) - (paid_out or 0)
        currency = _parse_currency(number, row[5])
        payee = row[1].strip()
        memo = row[2].strip()
        found.append(Transaction(day, cents, currency, payee, memo))
    return found


def _parse_amount(number: int, text: str) -> int | None:
    """None when the cell is empty. A number in parentheses is a reversal: it counts the other way."""
    stripped = text.strip()
    if not stripped:
        return None
    match = _AMOUNT.fullmatch(stripped)
    if not match:
        raise StatementError(number, f"no amount: {text!r}")
    opening, whole, fraction, closing = match.groups()
    if bool(opening) != bool(closing):
        raise StatementError(number, f"no amount: {text!r}")
    cents = int(whole.replace(",", "")) * 100 + int(fraction)
    return -cents if opening else cents


def _parse_date(number: int, text: str) -> date:
    stripped = text.strip()
    match = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", stripped, re.ASCII)
    if match:
        year, month, day = (int(part) for part in match.groups())
    else:
        match = re.fullmatch(r"(\d{2})/(\d{2})/(\d{2})", stripped, re.ASCII)
        if not match:
            raise StatementError(number, f"no date: {text!r}")
        day, month, year = (int(part) for part in match.groups())
        year += 2000 if year < 70 else 1900
    try:
        return date(year, month, day)
    except ValueError:
        raise StatementError(number, f"no date: {text!r}") from None


def _parse_currency(number: int, text: str) -> str:
    stripped = text.strip().upper()
    if not stripped:
        return "GBP"
    if not re.fullmatch(r"[A-Z]{3}", stripped):
        raise StatementError(number, f"no currency: {text!r}")
    return stripped
