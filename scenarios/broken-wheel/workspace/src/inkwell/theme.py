"""Themes that ship with the package."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files


class ThemeError(ValueError):
    pass


@dataclass(frozen=True)
class Theme:
    name: str
    width: int
    accent: str
    page: str


def names() -> list[str]:
    return sorted(entry.name for entry in files("inkwell").joinpath("themes").iterdir() if entry.is_dir())


def load(name: str) -> Theme:
    if name not in names():
        raise ThemeError(f"no theme {name!r}; there are {', '.join(names())}")
    folder = files("inkwell").joinpath("themes", name)
    settings = tomllib.loads(folder.joinpath("theme.toml").read_text(encoding="utf-8"))
    return Theme(name, settings["width"], settings["accent"], folder.joinpath("page.html").read_text(encoding="utf-8"))
