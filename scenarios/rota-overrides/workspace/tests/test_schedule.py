from datetime import date, datetime, time

from rota.model import Away, Rota
from rota.schedule import on_call, shifts

ROTA = Rota("t", date(2025, 3, 3), time(9), 7, ("ana", "ben", "chloe"))


def people(found):
    return [shift.person for shift in found]


def test_people_take_turns():
    found = shifts(ROTA, datetime(2025, 3, 1), datetime(2025, 4, 1))
    assert people(found) == ["ana", "ben", "chloe", "ana", "ben"]
    assert found[0].start == datetime(2025, 3, 3, 9)
    assert found[1].start == found[0].end == datetime(2025, 3, 10, 9)


def test_range_cuts_shifts():
    found = shifts(ROTA, datetime(2025, 3, 5), datetime(2025, 3, 10, 12))
    assert [(s.start, s.end) for s in found] == [
        (datetime(2025, 3, 5), datetime(2025, 3, 10, 9)),
        (datetime(2025, 3, 10, 9), datetime(2025, 3, 10, 12)),
    ]


def test_away_people_are_skipped():
    rota = Rota("t", date(2025, 3, 3), time(9), 7, ("ana", "ben", "chloe"), (Away("ben", date(2025, 3, 8), date(2025, 3, 10)),))
    assert people(shifts(rota, datetime(2025, 3, 3), datetime(2025, 4, 1))) == ["ana", "chloe", "ana", "ben", "chloe"]


def test_everybody_away():
    rota = Rota("t", date(2025, 3, 3), time(9), 1, ("ana",), (Away("ana", date(2025, 3, 4), date(2025, 3, 4)),))
    assert people(shifts(rota, datetime(2025, 3, 3), datetime(2025, 3, 6))) == ["ana", None, "ana"]


def test_on_call():
    assert on_call(ROTA, datetime(2025, 3, 3, 8, 59)) is None
    assert on_call(ROTA, datetime(2025, 3, 3, 9)) == "ana"
    assert on_call(ROTA, datetime(2025, 3, 10, 9)) == "ben"
