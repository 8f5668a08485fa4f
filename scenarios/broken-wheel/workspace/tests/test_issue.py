import pytest

from inkwell.issue import IssueError, parse

TEXT = """Title: Spring news
Date: 1 March

# Hello
A first
paragraph.
- one
- two

## More
The end."""


def test_parse():
    issue = parse(TEXT)
    assert (issue.title, issue.date, issue.author) == ("Spring news", "1 March", "")
    assert [(block.kind, block.text) for block in issue.blocks] == [
        ("heading1", "Hello"),
        ("paragraph", "A first paragraph."),
        ("item", "one"),
        ("item", "two"),
        ("heading2", "More"),
        ("paragraph", "The end."),
    ]


@pytest.mark.parametrize("text", ["", "no header\n\nx", "Date: x\n\ny"])
def test_no_issue(text):
    with pytest.raises(IssueError):
        parse(text)
