"""Shifts as text for people and calendars."""

from collections import Counter

from rota.model import Rota, Shift

NOBODY = "(nobody)"


def as_text(shifts: list[Shift]) -> str:
    """One line a shift: start, end, person."""
    return "".join(f"{shift.start:%Y-%m-%d %H:%M}  {shift.end:%Y-%m-%d %H:%M}  {shift.person or NOBODY}\n" for shift in shifts)


def as_hours(shifts: list[Shift]) -> str:
    """Hours of everybody who has any, most first."""
    hours: Counter[str] = Counter()
    for shift in shifts:
        hours[shift.person or NOBODY] += shift.hours
    width = max((len(name) for name in hours), default=0)
    rows = sorted(hours.items(), key=lambda row: (-row[1], row[0]))
    return "".join(f"{name:<{width}}  {amount:>7.1f}\n" for name, amount in rows)


def as_ics(rota: Rota, shifts: list[Shift]) -> str:
    """An iCalendar with floating times; a shift without anybody has no event."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//rota//EN"]
    for shift in shifts:
        if shift.person is None:
            continue
        lines += [
            "BEGIN:VEVENT",
            f"UID:{rota.name}-{shift.start:%Y%m%dT%H%M%S}@rota",
            f"DTSTAMP:{shift.start:%Y%m%dT%H%M%S}Z",
            f"DTSTART:{shift.start:%Y%m%dT%H%M%S}",
            f"DTEND:{shift.end:%Y%m%dT%H%M%S}",
            f"SUMMARY:{_escape(f'{rota.name}: {shift.person}')}",
            "END:VEVENT",
        ]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def _escape(text: str) -> str:
    for character in "\\;,":
        text = text.replace(character, "\\" + character)
    return text.replace("\n", "\\n")
