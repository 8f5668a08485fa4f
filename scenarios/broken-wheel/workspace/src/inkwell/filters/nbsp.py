"""Keeps a number and its unit on one line."""

import re

_UNITS = "kg|g|km|m|cm|mm|s|ms|min|h|%|EUR|USD"


def apply(text: str) -> str:
    return re.sub(rf"(?<![\w.])(\d+(?:\.\d+)?) (?=(?:{_UNITS})(?!\w))", "\\1\u00a0", text)
