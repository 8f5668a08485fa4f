import pytest

from inkwell import filters, render, theme
from inkwell.cli import convert, main


def test_inline():
    assert render.inline("a *b* <c> [d](https://e.example/?f&g)") == 'a <em>b</em> &lt;c&gt; <a href="https://e.example/?f&amp;g">d</a>'
    assert render.inline("2*3*4") == "2*3*4"


def test_lists_are_grouped():
    page = convert("Title: T\n\n- a\n- b\n\nc\n- d")
    assert "<ul><li>a</li><li>b</li></ul>\n<p>c</p>\n<ul><li>d</li></ul>" in page


def test_themes():
    assert theme.names() == ["plain", "wide"]
    assert "960px" in convert("Title: T\n\nx", "wide")
    with pytest.raises(theme.ThemeError):
        theme.load("../themes/plain")


def test_filters():
    assert filters.names() == ["nbsp", "shout", "smartquotes"]
    assert filters.load("smartquotes")('"it\'s"...') == "\u201cit\u2019s\u201d\u2026"
    assert filters.load("nbsp")("10 kg and 1.5 h") == "10\u00a0kg and 1.5\u00a0h"
    assert "HURRY UP" in convert("Title: T\n\n!hurry up!", "plain", ["shout"])


def test_command(tmp_path, capsys):
    source = tmp_path / "issue.txt"
    source.write_text("Title: T\n\nx")
    assert main([str(source), "--to", str(tmp_path / "out.html")]) == 0
    assert "<p>x</p>" in (tmp_path / "out.html").read_text()
    assert main([str(source), "--theme", "none"]) == 2
    assert "no theme 'none'" in capsys.readouterr().err


def test_version(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out.startswith("inkwell 2.3.")
