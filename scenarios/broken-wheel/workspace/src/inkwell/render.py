"""Blocks to HTML."""

import re
from html import escape
from itertools import groupby
from string import Template

from inkwell.issue import Block, Issue
from inkwell.theme import Theme

_LINK = re.compile(r"\[([^\]]+)\]\((https?://[^)\s]+)\)")
_EMPHASIS = re.compile(r"(?<!\w)\*(\S(?:[^*]*\S)?)\*(?!\w)")
_TAGS = {"paragraph": "p", "heading1": "h2", "heading2": "h3"}


def page(issue: Issue, theme: Theme) -> str:
    return Template(theme.page).substitute(
        title=escape(issue.title),
        byline=escape(" · ".join(part for part in (issue.date, issue.author) if part)),
        body="\n".join(_groups(issue.blocks)),
        width=theme.width,
        accent=theme.accent,
    )


def _groups(blocks: list[Block]):
    """Neighbouring items make one list."""
    for is_item, group in groupby(blocks, key=lambda block: block.kind == "item"):
        if is_item:
            items = "".join(f"<li>{inline(block.text)}</li>" for block in group)
            yield f"<ul>{items}</ul>"
        else:
            for block in group:
                tag = _TAGS[block.kind]
                yield f"<{tag}>{inline(block.text)}</{tag}>"


def inline(text: str) -> str:
    text = escape(text, quote=False)
    text = _LINK.sub(_link, text)
    return _EMPHASIS.sub(r"<em>\1</em>", text)


def _link(match: re.Match[str]) -> str:
    target = match[2].replace('"', "%22")
    return f'<a href="{target}">{match[1]}</a>'
