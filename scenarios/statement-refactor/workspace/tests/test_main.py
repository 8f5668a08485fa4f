import json

from ledgerin.__main__ import main

from test_banks import VOLKSFUNK


def test_json(tmp_path, capsys):
    path = tmp_path / "m.tsv"
    path.write_bytes(VOLKSFUNK)
    assert main(["volksfunk", str(path)]) == 0
    assert json.loads(capsys.readouterr().out)[0] == {"day": "2025-03-01", "cents": -102050, "currency": "EUR", "payee": "Café", "memo": "ein Kaffee"}


def test_summary(tmp_path, capsys):
    path = tmp_path / "m.tsv"
    path.write_bytes(VOLKSFUNK)
    assert main(["volksfunk", str(path), "--summary"]) == 0
    assert capsys.readouterr().out == "CHF  in 7.00  out 0.00  balance 7.00\nEUR  in 0.00  out -1020.50  balance -1020.50\n"


def test_problem(tmp_path, capsys):
    path = tmp_path / "m.csv"
    path.write_bytes(b"")
    assert main(["harbour", str(path)]) == 1
    assert "line 1: no table of transactions" in capsys.readouterr().err
