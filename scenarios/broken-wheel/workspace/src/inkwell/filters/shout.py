"""Words between exclamation marks, !like this!, become capitals."""

import re


def apply(text: str) -> str:
    return re.sub(r"!(\S(?:[^!]*\S)?)!", lambda match: match[1].upper(), text)
