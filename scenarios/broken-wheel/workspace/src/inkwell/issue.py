"""The text of a newsletter, parsed."""

from dataclasses import dataclass, field


class IssueError(ValueError):
    """The text is no newsletter; the message says where."""


@dataclass
class Block:
    """kind: paragraph, heading1, heading2 or item."""

    kind: str
    text: str


@dataclass
class Issue:
    title: str
    date: str = ""
    author: str = ""
    blocks: list[Block] = field(default_factory=list)


def parse(text: str) -> Issue:
    head, _, body = text.lstrip("\ufeff").replace("\r\n", "\n").partition("\n\n")
    fields = dict(_header(number, line) for number, line in enumerate(head.split("\n"), 1))
    if "title" not in fields:
        raise IssueError("there is no Title line")
    return Issue(fields["title"], fields.get("date", ""), fields.get("author", ""), list(_blocks(body)))


def _header(number: int, line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name.strip():
        raise IssueError(f"line {number}: expected 'Key: value', found {line!r}")
    return name.strip().lower(), value.strip()


def _blocks(body: str):
    paragraph: list[str] = []
    for line in [*body.split("\n"), ""]:
        marker = next((mark for mark in ("## ", "# ", "- ") if line.startswith(mark)), None)
        if paragraph and (marker or not line.strip()):
            yield Block("paragraph", " ".join(paragraph))
            paragraph = []
        if marker:
            kind = {"# ": "heading1", "## ": "heading2", "- ": "item"}[marker]
            yield Block(kind, line[len(marker) :].strip())
        elif line.strip():
            paragraph.append(line.strip())
