import json
from collections import Counter

from ledgerin.model import Transaction


def as_json(transactions: list[Transaction]) -> str:
    rows = [
        {"day": t.day.isoformat(), "cents": t.cents, "currency": t.currency, "payee": t.payee, "memo": t.memo} for t in transactions
    ]
    return json.dumps(rows, ensure_ascii=False, indent=2) + "\n"


def summary(transactions: list[Transaction]) -> str:
    """One line a currency: in, out and balance."""
    paid_in: Counter[str] = Counter()
    paid_out: Counter[str] = Counter()
    for t in transactions:
        (paid_in if t.cents >= 0 else paid_out)[t.currency] += t.cents
    lines = [
        f"{currency}  in {_money(paid_in[currency])}  out {_money(paid_out[currency])}  balance {_money(paid_in[currency] + paid_out[currency])}"
        for currency in sorted({*paid_in, *paid_out})
    ]
    return "".join(f"{line}\n" for line in lines)


def _money(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"
