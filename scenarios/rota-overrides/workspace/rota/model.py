"""What a rota is made of. All times are naive local times."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta


class RotaError(ValueError):
    """The file describes no rota. `problems` holds one sentence each."""

    def __init__(self, problems: list[str]):
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Away:
    """`first` and `last` are both days of absence."""

    person: str
    first: date
    last: date

    def covers(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True)
class Rota:
    name: str
    start: date
    handover: time
    shift_days: int
    people: tuple[str, ...]
    away: tuple[Away, ...] = ()

    @property
    def first_handover(self) -> datetime:
        return datetime.combine(self.start, self.handover)

    @property
    def shift_length(self) -> timedelta:
        return timedelta(days=self.shift_days)


@dataclass(frozen=True)
class Shift:
    """From `start` up to, and without, `end`. `person` is None when everybody is away."""

    person: str | None
    start: datetime
    end: datetime

    @property
    def hours(self) -> float:
        return (self.end - self.start) / timedelta(hours=1)
