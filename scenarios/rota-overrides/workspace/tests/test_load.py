from datetime import date, time

import pytest

from rota.load import loads
from rota.model import Away, RotaError

GOOD = """
name = "payments"
start = 2025-03-03
handover = 09:00:00
shift_days = 7
people = ["ana", "ben"]
"""


def test_good():
    rota = loads(GOOD + '[[away]]\nperson = "ben"\nfrom = 2025-07-01\nto = 2025-07-14\n')
    assert rota.start == date(2025, 3, 3)
    assert rota.handover == time(9)
    assert rota.away == (Away("ben", date(2025, 7, 1), date(2025, 7, 14)),)


def problems(text):
    with pytest.raises(RotaError) as caught:
        loads(text)
    return caught.value.problems


def test_all_problems_at_once():
    assert problems("shift_days = true\ncolour = 1\nstart = 2025-03-03T09:00:00\n") == [
        "unknown key 'colour'",
        "name is missing",
        "start has to be a date",
        "handover is missing",
        "shift_days has to be a int",
        "people is missing",
    ]


def test_away_problems():
    text = GOOD + '[[away]]\nperson = "zoe"\n[[away]]\nperson = "ana"\nfrom = 2025-07-02\nto = 2025-07-01\n[[away]]\nwho = "ana"\n'
    assert problems(text) == ["away 1: 'zoe' is not one of the people", "away 2: to is before from", "away 3: unknown key 'who'"]


def test_no_toml():
    assert problems("name = ")[0].startswith("not TOML: ")
