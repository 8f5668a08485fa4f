"""Rota -> shifts."""

from collections.abc import Iterator
from datetime import datetime

from rota.model import Rota, Shift


def shifts(rota: Rota, start: datetime, end: datetime) -> list[Shift]:
    """Everything in [start, end), in order; the first and the last shift are cut to that range."""
    return [cut for shift in _rotation(rota, end) if (cut := _cut(shift, start, end))]


def on_call(rota: Rota, at: datetime) -> str | None:
    """Who is on call at that moment; None before the rota begins or when everybody is away."""
    for shift in _rotation(rota, None):
        if shift.start > at:
            return None
        if at < shift.end:
            return shift.person
    return None


def _rotation(rota: Rota, end: datetime | None) -> Iterator[Shift]:
    """Without an end it does not stop. Turns go on with whoever comes after the person who took the shift."""
    turn, start = 0, rota.first_handover
    while end is None or start < end:
        until = start + rota.shift_length
        person, turn = _next_present(rota, turn, start)
        yield Shift(person, start, until)
        start = until


def _next_present(rota: Rota, turn: int, start: datetime) -> tuple[str | None, int]:
    for step in range(len(rota.people)):
        person = rota.people[(turn + step) % len(rota.people)]
        if not any(away.person == person and away.covers(start.date()) for away in rota.away):
            return person, turn + step + 1
    return None, turn


def _cut(shift: Shift, start: datetime, end: datetime) -> Shift | None:
    first, last = max(shift.start, start), min(shift.end, end)
    return Shift(shift.person, first, last) if first < last else None
