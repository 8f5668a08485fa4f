from pathlib import Path

import pytest

from rota.cli import main

EXAMPLE = str(Path(__file__).parent.parent / "examples" / "payments.toml")


def run(capsys, *argv):
    status = main(list(argv))
    return status, capsys.readouterr()


def test_show(capsys):
    status, said = run(capsys, "show", EXAMPLE, "--from", "2025-03-03", "--to", "2025-03-18")
    assert status == 0
    assert said.out.splitlines() == [
        "2025-03-03 09:00  2025-03-10 09:00  ana",
        "2025-03-10 09:00  2025-03-17 09:00  chloe",
        "2025-03-17 09:00  2025-03-18 00:00  ana",
    ]


def test_now(capsys):
    assert run(capsys, "now", EXAMPLE, "--at", "2025-03-12")[1].out == "chloe\n"
    status, said = run(capsys, "now", EXAMPLE, "--at", "2025-03-01")
    assert (status, said.out) == (1, "(nobody)\n")


def test_hours(capsys):
    _, said = run(capsys, "hours", EXAMPLE, "--from", "2025-03-03", "--to", "2025-03-18")
    assert said.out.splitlines() == ["ana      183.0", "chloe    168.0"]


def test_ics(capsys):
    _, said = run(capsys, "ics", EXAMPLE, "--from", "2025-03-03", "--to", "2025-03-04")
    assert "SUMMARY:payments: ana\r\n" in said.out
    assert said.out.count("BEGIN:VEVENT") == 1


@pytest.mark.parametrize("text", ["", "name = 1"])
def test_bad_file(tmp_path, capsys, text):
    (tmp_path / "r.toml").write_text(text)
    status, said = run(capsys, "now", str(tmp_path / "r.toml"))
    assert status == 2
    assert "people is missing" in said.err
