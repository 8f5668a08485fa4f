"""A pytest plugin that writes down which tests there are and how each one ended, a JSON object a line.

It runs in the process of the code under test, so what it writes is only as true as that code is honest; the negative control is there for
the rest. Works with every Python from 3.9 and pytest from 6.
"""

import functools
import inspect
import json
import os

import pytest

OUT = "@OUT@"
# In a negative control: what every test has to fail with. Tests whose source could not be rewritten fail here instead.
MESSAGE = "@MESSAGE@"

_file = None


def pytest_configure(config):
    global _file
    config.option.maxfail = 0
    if hasattr(config, "workerinput"):
        return
    try:
        # A pytest that a test starts for itself finds the file there, and keeps out of it.
        _file = os.open(OUT, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
    except FileExistsError:
        return
    writer = _Writer(_file)
    writer._say(root=str(config.rootpath))
    config.pluginmanager.register(writer, "proctor-writer")


def pytest_collection_modifyitems(items):
    for item in items if MESSAGE else []:
        if _fails_by_itself(item):
            continue
        if isinstance(item, pytest.Function):
            item.obj = _failing(item.obj)
        else:
            item.runtest = _failing(item.runtest)


class _Writer:
    def __init__(self, file):
        self._to = file

    def _say(self, **line):
        os.write(self._to, (json.dumps(line) + "\n").encode())

    def pytest_itemcollected(self, item):
        self._say(collected=item.nodeid)

    def pytest_collectreport(self, report):
        if report.failed:
            self._say(uncollected=report.nodeid, detail=_reason(report))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report):
        # A subtest that is skipped leaves its test as it is.
        if report.outcome == "skipped" and type(report).__name__.lower().startswith("subtest"):
            return
        if report.outcome == "passed" and report.when != "call":
            return
        self._say(id=report.nodeid, when=report.when, outcome=report.outcome, detail=_reason(report))


def _reason(report):
    """The line of the error itself; where there is none, the end of its text."""
    if report.outcome not in ("failed", "skipped"):
        return ""
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[-1])[:300]
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash else getattr(report, "longreprtext", "") or ""
    if not crash and report.outcome == "failed":
        errors = [line[1:] for line in text.splitlines() if line.startswith("E ")]
        text = errors[-1] if errors else text[-300:]
    return text.strip()[:300]


def _fails_by_itself(item):
    function = getattr(item, "obj", None)
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    function = getattr(function, "__func__", function)
    return MESSAGE in getattr(getattr(function, "__code__", None), "co_consts", ())


def _failing(function):
    @functools.wraps(function)
    def run(*given, **named):
        function(*given, **named)
        raise AssertionError(MESSAGE)

    @functools.wraps(function)
    async def run_later(*given, **named):
        await function(*given, **named)
        raise AssertionError(MESSAGE)

    return run_later if inspect.iscoroutinefunction(function) else run
