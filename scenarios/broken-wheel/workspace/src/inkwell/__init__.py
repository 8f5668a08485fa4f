"""Turns a plain-text newsletter into an HTML page."""

from importlib.resources import files

__version__ = files(__name__).joinpath("VERSION").read_text(encoding="utf-8").strip()
