import pytest

from hookrelay.settings import SETTINGS, SettingsError, load


def test_defaults_and_order():
    values = load('target = "http://t"\n[retry]\nattempts = 3\n', {"HOOKRELAY_RETRY_ATTEMPTS": "7", "HOOKRELAY_STATE": "/tmp/q"})
    assert values["retry.attempts"] == 7
    assert values["queue.folder"] == "/tmp/q"
    assert values["body_limit"] == 1024**2
    assert values["retry.first_delay"] == 0.5
    assert values["headers.drop_cookies"] is True


def test_problems():
    with pytest.raises(SettingsError) as caught:
        load('timeout = 5\ncolour = "x"\n', {"HOOKRELAY_QUEUE_LIMIT": "many"})
    assert caught.value.problems == [
        "unknown setting 'colour'",
        'timeout has to be a duration such as "5s"',
        "HOOKRELAY_QUEUE_LIMIT has to be a whole number",
        "target is missing",
    ]


def test_keys_are_unique():
    assert len({setting.key for setting in SETTINGS}) == len(SETTINGS)
