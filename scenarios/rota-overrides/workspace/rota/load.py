"""Reads a rota from TOML. All problems of a file are told in one go."""

import tomllib
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from rota.model import Away, Rota, RotaError

_REQUIRED = {"name": str, "start": date, "handover": time, "shift_days": int, "people": list}
_KNOWN = {*_REQUIRED, "away"}


def load(path: str | Path) -> Rota:
    return loads(Path(path).read_text(encoding="utf-8"))


def loads(text: str) -> Rota:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RotaError([f"not TOML: {error}"]) from None
    problems = [f"unknown key {key!r}" for key in sorted(data.keys() - _KNOWN)]
    for key, kind in _REQUIRED.items():
        if key not in data:
            problems.append(f"{key} is missing")
        elif not _is(data[key], kind):
            problems.append(f"{key} has to be a {kind.__name__}")
    if problems:
        raise RotaError(problems)
    people = data["people"]
    if not people or not all(isinstance(person, str) and person for person in people):
        problems.append("people has to name at least one person")
    elif len(set(people)) != len(people):
        problems.append("people names somebody twice")
    if data["shift_days"] < 1:
        problems.append("shift_days has to be 1 or more")
    away = _away(data.get("away", []), people, problems)
    if problems:
        raise RotaError(problems)
    return Rota(data["name"], data["start"], data["handover"], data["shift_days"], tuple(people), away)


def _away(tables: Any, people: list[Any], problems: list[str]) -> tuple[Away, ...]:
    if not isinstance(tables, list):
        problems.append("away has to be written as [[away]]")
        return ()
    found = []
    for number, table in enumerate(tables, 1):
        where = f"away {number}"
        if unknown := sorted(table.keys() - {"person", "from", "to"}):
            problems.append(f"{where}: unknown key {unknown[0]!r}")
        elif table.get("person") not in people:
            problems.append(f"{where}: {table.get('person')!r} is not one of the people")
        elif not (_is(table.get("from"), date) and _is(table.get("to"), date)):
            problems.append(f"{where}: from and to have to be dates")
        elif table["to"] < table["from"]:
            problems.append(f"{where}: to is before from")
        else:
            found.append(Away(table["person"], table["from"], table["to"]))
    return tuple(found)


def _is(value: Any, kind: type) -> bool:
    """A bool is no number here, and a time of day no date."""
    if kind is date:
        return isinstance(value, date) and not isinstance(value, datetime)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind)
