from datetime import datetime

import pytest

from rota.cli import main
from rota.load import loads
from rota.model import RotaError
from rota.schedule import on_call, shifts

BASE = """
name = "payments"
start = 2025-03-03
handover = 09:00:00
shift_days = 7
people = ["ana", "ben", "chloe"]
"""


def override(person, start, end, reason=None):
    return f'[[override]]\nperson = "{person}"\nstart = {start}\nend = {end}\n' + (f'reason = "{reason}"\n' if reason else "")


def rows(text, start="2025-03-03T09:00", end="2025-03-24T09:00"):
    found = shifts(loads(BASE + text), datetime.fromisoformat(start), datetime.fromisoformat(end))
    return [(s.person, f"{s.start:%d %H}", f"{s.end:%d %H}", s.override) for s in found]


def test_splits_a_shift():
    assert rows(override("ben", "2025-03-05T18:00:00", "2025-03-06T09:00:00"), end="2025-03-10T09:00") == [
        ("ana", "03 09", "05 18", False),
        ("ben", "05 18", "06 09", True),
        ("ana", "06 09", "10 09", False),
    ]


def test_covers_several_shifts_as_one():
    assert rows(override("ben", "2025-03-08T00:00:00", "2025-03-19T00:00:00")) == [
        ("ana", "03 09", "08 00", False),
        ("ben", "08 00", "19 00", True),
        ("chloe", "19 00", "24 09", False),
    ]


def test_exactly_one_shift():
    assert rows(override("chloe", "2025-03-10T09:00:00", "2025-03-17T09:00:00")) == [
        ("ana", "03 09", "10 09", False),
        ("chloe", "10 09", "17 09", True),
        ("chloe", "17 09", "24 09", False),
    ]


def test_later_one_wins():
    text = override("ben", "2025-03-04T00:00:00", "2025-03-08T00:00:00") + override("chloe", "2025-03-05T00:00:00", "2025-03-06T00:00:00")
    assert rows(text, end="2025-03-10T09:00") == [
        ("ana", "03 09", "04 00", False),
        ("ben", "04 00", "05 00", True),
        ("chloe", "05 00", "06 00", True),
        ("ben", "06 00", "08 00", True),
        ("ana", "08 00", "10 09", False),
    ]


def test_later_one_hides_the_earlier():
    text = override("ben", "2025-03-05T00:00:00", "2025-03-06T00:00:00") + override("chloe", "2025-03-04T00:00:00", "2025-03-08T00:00:00")
    assert [row[0] for row in rows(text, end="2025-03-10T09:00")] == ["ana", "chloe", "ana"]


def test_same_person_is_still_an_override():
    assert [row[3] for row in rows(override("ana", "2025-03-04T00:00:00", "2025-03-05T00:00:00"), end="2025-03-10T09:00")] == [False, True, False]


def test_is_cut_to_the_range():
    text = override("ben", "2025-03-01T00:00:00", "2025-03-04T00:00:00") + override("chloe", "2025-03-09T00:00:00", "2025-03-12T00:00:00")
    assert rows(text, "2025-03-03T12:00", "2025-03-10T00:00") == [
        ("ben", "03 12", "04 00", True),
        ("ana", "04 00", "09 00", False),
        ("chloe", "09 00", "10 00", True),
    ]
    assert rows(override("ben", "2025-04-01T00:00:00", "2025-04-02T00:00:00")) == rows("")


def test_before_the_rota_begins_and_when_nobody_is_there():
    text = override("ben", "2025-03-01T00:00:00", "2025-03-02T00:00:00")
    assert rows(text, "2025-02-01T00:00", "2025-03-03T09:00") == [("ben", "01 00", "02 00", True)]
    away = "".join(f'[[away]]\nperson = "{p}"\nfrom = 2025-03-10\nto = 2025-03-10\n' for p in ("ana", "ben", "chloe"))
    found = rows(away + override("ana", "2025-03-11T00:00:00", "2025-03-12T00:00:00"), "2025-03-10T09:00", "2025-03-17T09:00")
    assert [row[0] for row in found] == [None, "ana", None]


def test_turns_stay_as_they_are():
    people = [row[0] for row in rows(override("chloe", "2025-03-03T09:00:00", "2025-03-10T09:00:00"))]
    assert people == ["chloe", "ben", "chloe"]


def test_on_call():
    rota = loads(BASE + override("ben", "2025-03-01T00:00:00", "2025-03-04T00:00:00") + override("chloe", "2025-03-02T00:00:00", "2025-03-02T12:00:00"))
    moments = ["2025-02-28T23:59", "2025-03-01T00:00", "2025-03-02T11:59", "2025-03-02T12:00", "2025-03-03T23:59", "2025-03-04T00:00"]
    assert [on_call(rota, datetime.fromisoformat(at)) for at in moments] == [None, "ben", "chloe", "ben", "ben", "ana"]


def test_command(tmp_path, capsys):
    path = tmp_path / "r.toml"
    path.write_text(
        BASE + override("ben", "2025-03-05T18:00:00", "2025-03-06T09:00:00", "concert, late") + override("chloe", "2025-03-07T00:00:00", "2025-03-07T12:00:00")
    )
    span = ["--from", "2025-03-03", "--to", "2025-03-10T09:00"]
    assert main(["show", str(path), *span]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "2025-03-03 09:00  2025-03-05 18:00  ana",
        "2025-03-05 18:00  2025-03-06 09:00  ben  override: concert, late",
        "2025-03-06 09:00  2025-03-07 00:00  ana",
        "2025-03-07 00:00  2025-03-07 12:00  chloe  override",
        "2025-03-07 12:00  2025-03-10 09:00  ana",
    ]
    assert main(["hours", str(path), *span]) == 0
    assert capsys.readouterr().out.split() == ["ana", "141.0", "ben", "15.0", "chloe", "12.0"]
    assert main(["now", str(path), "--at", "2025-03-06T08:00"]) == 0
    assert capsys.readouterr().out == "ben\n"
    assert main(["ics", str(path), *span]) == 0
    summaries = [line for line in capsys.readouterr().out.split("\r\n") if line.startswith("SUMMARY")]
    assert summaries == [
        "SUMMARY:payments: ana",
        "SUMMARY:payments: ben (override)",
        "SUMMARY:payments: ana",
        "SUMMARY:payments: chloe (override)",
        "SUMMARY:payments: ana",
    ]


def test_all_problems_at_once():
    text = (
        BASE
        + override("zoe", "2025-03-05T18:00:00", "2025-03-06T09:00:00")
        + override("ana", "2025-03-05T18:00:00", "2025-03-05T18:00:00")
        + override("ana", "2025-03-05T18:00:00Z", "2025-03-06T18:00:00Z")
        + override("ana", "2025-03-05", "2025-03-06")
        + '[[override]]\nperson = "ana"\nstart = 2025-03-05T18:00:00\n'
        + override("ana", "2025-03-05T18:00:00", "2025-03-06T09:00:00")
        + 'who = "ben"\n'
        + '[[override]]\nperson = "ana"\nstart = 2025-03-05T18:00:00\nend = 2025-03-06T09:00:00\nreason = 5\n'
    )
    with pytest.raises(RotaError) as caught:
        loads(text)
    assert [problem.split(":")[0] for problem in caught.value.problems] == [f"override {number}" for number in range(1, 8)]
    assert "'zoe'" in caught.value.problems[0]
    assert "'who'" in caught.value.problems[5]


def test_without_overrides_nothing_changes():
    assert [s.person for s in shifts(loads(BASE), datetime(2025, 3, 3), datetime(2025, 3, 24))] == ["ana", "ben", "chloe"]
