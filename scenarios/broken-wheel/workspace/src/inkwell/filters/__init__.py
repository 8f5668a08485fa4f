"""Filters change the text of every block. Each module here is one: it has `apply(text)`."""

import pkgutil
from collections.abc import Callable
from importlib import import_module


class FilterError(ValueError):
    pass


def names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name: str) -> Callable[[str], str]:
    if name not in names():
        raise FilterError(f"no filter {name!r}; there are {', '.join(names())}")
    return import_module(f"{__name__}.{name}").apply
