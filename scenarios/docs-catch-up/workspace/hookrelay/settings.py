"""All settings: one table, from which files, environment and checks are made."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


class SettingsError(ValueError):
    """`problems` holds one sentence each."""

    def __init__(self, problems: list[str]):
        super().__init__("; ".join(problems))
        self.problems = problems


_DURATION = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
_SIZE = {"k": 1024, "m": 1024**2, "g": 1024**3}


def duration(value: Any) -> float:
    """Seconds, from "250ms", "5s", "2m" or "1h"."""
    match = re.fullmatch(r"(\d+)(ms|s|m|h)", value) if isinstance(value, str) else None
    if not match:
        raise ValueError('a duration such as "5s"')
    return int(match[1]) * _DURATION[match[2]]


def size(value: Any) -> int:
    """Bytes, from 4096, "512k", "1m" or "1g"."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    match = re.fullmatch(r"(\d+)([kmg])", value) if isinstance(value, str) else None
    if not match:
        raise ValueError('a size such as "512k"')
    return int(match[1]) * _SIZE[match[2]]


def text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("text")
    return value


def integer(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("a whole number")
    return value


def boolean(value: Any) -> bool:
    if value in ("true", "false"):
        value = value == "true"
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def texts(value: Any) -> list[str]:
    """A list; in the environment, separated by commas."""
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
        raise ValueError("a list of texts")
    return value


@dataclass(frozen=True)
class Setting:
    """`live`: a running server takes a new value over when it gets SIGHUP. `variable`: other than the usual name; "" for none."""

    key: str
    kind: Callable[[Any], Any]
    default: Any
    live: bool = False
    variable: str | None = None

    @property
    def environment(self) -> str | None:
        if self.variable is not None:
            return self.variable or None
        return "HOOKRELAY_" + self.key.upper().replace(".", "_")


SETTINGS = [
    Setting("listen", text, "127.0.0.1:8080"),
    Setting("target", text, None, live=True),
    Setting("secret", text, None, live=True, variable="HOOKRELAY_SECRET_KEY"),
    Setting("secret_header", text, "X-Signature-256"),
    Setting("body_limit", size, "1m", live=True),
    Setting("timeout", duration, "10s", live=True),
    Setting("retry.attempts", integer, 5, live=True),
    Setting("retry.first_delay", duration, "500ms", live=True),
    Setting("retry.max_delay", duration, "2m", live=True),
    Setting("queue.folder", text, "/var/lib/hookrelay", variable="HOOKRELAY_STATE"),
    Setting("queue.limit", integer, 10000),
    Setting("queue.keep_failed", duration, "72h", live=True),
    Setting("headers.forward", texts, ["Content-Type", "User-Agent"], live=True),
    Setting("headers.drop_cookies", boolean, True, live=True),
    Setting("log.format", text, "text", variable=""),
    Setting("log.bodies", boolean, False, live=True, variable=""),
]


def load(source: str, environ: Mapping[str, str]) -> dict[str, Any]:
    """Values by key. The environment wins over the file, the file over the defaults. `target` is the one setting without which nothing works."""
    try:
        given = _flat(tomllib.loads(source))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([f"not TOML: {error}"]) from None
    known = {setting.key for setting in SETTINGS}
    problems = [f"unknown setting {key!r}" for key in sorted(given.keys() - known)]
    values = {}
    for setting in SETTINGS:
        value, origin = given.get(setting.key, setting.default), setting.key
        if setting.environment and setting.environment in environ:
            value, origin = environ[setting.environment], setting.environment
        try:
            values[setting.key] = None if value is None else setting.kind(value)
        except ValueError as error:
            problems.append(f"{origin} has to be {error}")
    if values.get("target", "") is None:
        problems.append("target is missing")
    if problems:
        raise SettingsError(problems)
    return values


def _flat(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in table.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return flat
