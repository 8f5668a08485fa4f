"""Straight quotation marks become curly ones, three dots an ellipsis."""

import re


def apply(text: str) -> str:
    text = re.sub(r'"([^"]*)"', "\u201c\\1\u201d", text)
    text = re.sub(r"(?<=\w)'(?=\w)", "\u2019", text)
    return text.replace("...", "\u2026")
