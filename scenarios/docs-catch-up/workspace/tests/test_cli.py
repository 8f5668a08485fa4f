import pytest

from hookrelay.cli import main
from hookrelay.retry import delays
from hookrelay.spool import Full, Spool


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text(f'target = "http://127.0.0.1:1"\ntimeout = "250ms"\n[retry]\nattempts = 1\n[queue]\nfolder = "{tmp_path}/q"\nlimit = 2\n')
    return str(path)


def test_check(config, capsys):
    assert main(["check", "--config", config, "--show"], {"HOOKRELAY_SECRET_KEY": "s"}) == 0
    assert "secret = ***" in capsys.readouterr().out
    assert main(["check", "--config", "/none"], {}) == 4


def test_sign(config, tmp_path, capsys):
    (tmp_path / "b").write_bytes(b"{}")
    assert main(["sign", "--config", config, str(tmp_path / "b")], {}) == 6
    assert main(["sign", "--config", config, str(tmp_path / "b")], {"HOOKRELAY_SECRET_KEY": "s"}) == 0
    assert capsys.readouterr().out.startswith("sha256=")


def test_drain_and_requeue(config, tmp_path, capsys):
    spool = Spool(tmp_path / "q", 2)
    spool.add({"Content-Type": "x"}, b"1")
    assert main(["drain", "--config", config], {}) == 5
    assert (len(spool.waiting()), len(spool.failed())) == (0, 1)
    assert main(["requeue", "--config", config], {}) == 0
    assert len(spool.waiting()) == 1
    spool.add({}, b"2")
    with pytest.raises(Full):
        spool.add({}, b"3")


def test_delays_double():
    assert list(delays(5, 1, 3)) == [1, 2, 3, 3]
