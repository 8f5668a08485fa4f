from dataclasses import dataclass
from datetime import date


class StatementError(ValueError):
    """A line of a statement cannot be read. `line` is 1-based."""

    def __init__(self, line: int, problem: str):
        super().__init__(f"line {line}: {problem}")
        self.line = line


@dataclass(frozen=True)
class Transaction:
    """`cents` is negative for money that leaves the account."""

    day: date
    cents: int
    currency: str
    payee: str
    memo: str
