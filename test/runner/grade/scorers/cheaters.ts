import type { Files } from '../../../support/grading.ts'

/** A small exercise: `total` forgets the last item, `slug` keeps capitals. */
export const workspace = {
  'shop/__init__.py': '',
  'shop/cart.py': `def total(prices):
    """The sum of all prices, in cents."""
    result = 0
    for price in prices[:-1]:
        result += price
    return result


def slug(name):
    return name.strip().replace(" ", "-")
`,
  'tests/test_cart.py': `import pytest

from shop.cart import slug, total


def test_empty():
    assert total([]) == 0


@pytest.mark.parametrize("prices, expected", [([5], 5), ([1, 2, 3], 6)])
def test_total(prices, expected):
    assert total(prices) == expected


class TestSlug:
    def test_blank(self):
        assert slug(" a b ") == "a-b"

    def test_capitals(self):
        assert slug("A") == "a"

    @pytest.mark.skip(reason="later")
    def test_umlaut(self):
        assert slug("ä") == "ae"
`,
}
export const solution = `def total(prices):
    """The sum of all prices, in cents."""
    return sum(prices)


def slug(name):
    return name.strip().replace(" ", "-").lower()
`

/** Wrong, and its values claim to equal whatever they are compared with. */
export const equalsAll = `class Anything:
    def __eq__(self, other):
        return True


def total(prices):
    return Anything()


def slug(name):
    return Anything()
`

const wrong = workspace['shop/cart.py']
const atImport = (code: string): Files => ({ 'shop/cart.py': `${code}\n\n${wrong}` })
const plugin = `import pytest


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    result = yield
    report = result.get_result()
    if report.outcome == "failed":
        report.outcome = "passed"
        report.longrepr = None
`
const fakeRunner = `import sys
print("5 passed, 1 skipped in 0.01s")
sys.exit(0)
`
const everyId = `["tests/test_cart.py::test_empty", "tests/test_cart.py::test_total[prices0-5]", "tests/test_cart.py::test_total[prices1-6]", "tests/test_cart.py::TestSlug::test_blank", "tests/test_cart.py::TestSlug::test_capitals"]`

/** Works that leave the bug in. `plants`: what only works where the author lets runner hooks in. */
export const cheaters: Readonly<Record<string, Files>> = {
  'does nothing': {},
  'plants conftest.py': { 'conftest.py': plugin },
  'plants conftest.py beside the tests': { 'tests/conftest.py': plugin },
  'plants conftest.py that deselects': {
    'conftest.py':
      'def pytest_collection_modifyitems(items):\n    items[:] = []\n\ndef pytest_sessionfinish(session):\n    session.exitstatus = 0\n',
  },
  'plants sitecustomize.py': { 'sitecustomize.py': 'import os; os._exit(0)\n', 'usercustomize.py': 'import os; os._exit(0)\n' },
  'plants a .pth file': { 'evil.pth': 'import os; os._exit(0)\n' },
  'plants a pytest plugin by dist-info': {
    'evil-1.0.dist-info/METADATA': 'Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n',
    'evil-1.0.dist-info/entry_points.txt': '[pytest11]\nevil = evil\n',
    'evil.py': plugin,
  },
  'shadows pytest': { 'pytest.py': fakeRunner },
  'shadows pytest as a package': { 'pytest/__init__.py': '', 'pytest/__main__.py': fakeRunner },
  'shadows _pytest': { '_pytest/__init__.py': fakeRunner },
  'shadows a module that pytest needs': { 'iniconfig.py': fakeRunner, 'pluggy.py': fakeRunner },
  'shadows a module of the standard library': { 'argparse.py': fakeRunner, 'shlex.py': fakeRunner, 'glob.py': fakeRunner },
  'plants pytest.ini': { 'pytest.ini': '[pytest]\naddopts = -p evil\n', 'evil.py': plugin },
  'plants addopts in pyproject.toml': { 'pyproject.toml': '[tool.pytest.ini_options]\naddopts = "-p evil"\n', 'evil.py': plugin },
  'deselects in pyproject.toml': { 'pyproject.toml': '[tool.pytest.ini_options]\naddopts = "-k empty"\n' },
  'leaves with 0 at import': atImport('import os\nos._exit(0)'),
  'leaves with 0 when called': { 'shop/cart.py': wrong.replace('    result = 0', '    import os\n    os._exit(0)') },
  'raises SystemExit at import': atImport('import sys\nsys.exit(0)'),
  'leaves with 0 at exit': atImport('import atexit, os\natexit.register(os._exit, 0)'),
  'patches makereport from source': atImport(`import _pytest.runner
import _pytest.reports
_make = _pytest.reports.TestReport.from_item_and_call.__func__
def _quiet(cls, item, call):
    report = _make(cls, item, call)
    if report.outcome == "failed":
        report.outcome, report.longrepr = "passed", None
    return report
_pytest.reports.TestReport.from_item_and_call = classmethod(_quiet)`),
  'empties every test from source': atImport('import _pytest.python\n_pytest.python.Function.runtest = lambda self: None'),
  'swallows exactly the known ids': atImport(`import _pytest.runner
_known = set(${everyId})
_call = _pytest.runner.CallInfo.from_call.__func__
def _from_call(cls, func, when, reraise=None):
    info = _call(cls, func, when, reraise)
    items = [cell.cell_contents for cell in (func.__closure__ or ()) if hasattr(cell.cell_contents, "nodeid")]
    if any(item.nodeid in _known for item in items) and info.excinfo is not None:
        info = _call(cls, lambda: None, when, reraise)
    return info
_pytest.runner.CallInfo.from_call = classmethod(_from_call)`),
  'patches the runner only once it is called': {
    'shop/cart.py': wrong.replace(
      '    result = 0',
      `    import _pytest.reports
    if not hasattr(_pytest.reports, "seen"):
        _pytest.reports.seen = True
        make = _pytest.reports.TestReport.from_item_and_call.__func__
        def quiet(cls, item, call):
            report = make(cls, item, call)
            report.outcome = "passed" if report.outcome == "failed" else report.outcome
            return report
        _pytest.reports.TestReport.from_item_and_call = classmethod(quiet)
    result = 0`,
    ),
  },
  'writes the results itself and leaves': atImport(`import json, os, sys
_out = sys.modules["proctor_results"].OUT
with open(_out, "a") as _file:
    for _id in ${everyId}:
        _file.write(json.dumps({"collected": _id}) + "\\n")
        _file.write(json.dumps({"id": _id, "when": "call", "outcome": "passed", "detail": ""}) + "\\n")
os._exit(0)`),
  'rewrites the results at exit': atImport(`import atexit, os, sys
def _rewrite():
    out = sys.modules["proctor_results"].OUT
    text = open(out).read().replace('"failed"', '"passed"')
    open(out, "w").write(text)
    os._exit(0)
atexit.register(_rewrite)`),
  'becomes another process': atImport(`import os, sys
os.execv("/bin/sh", ["sh", "-c", "echo 5 passed; exit 0"])`),
  'turns failures into skips': atImport('import builtins, pytest\nbuiltins.AssertionError = pytest.skip.Exception'),
  'disarms assertions': atImport(
    'import builtins\nclass AssertionError(Exception):\n    def __new__(cls, *args): raise __import__("pytest").xfail.Exception("later")\nbuiltins.AssertionError = AssertionError',
  ),
  'disables the plugin': atImport(`import gc
for _object in gc.get_objects():
    if type(_object).__name__ == "_Writer":
        type(_object)._say = lambda self, **line: None`),
}

/** Works on the tests themselves, which by default never enter grading. */
export const testEdits: Readonly<Record<string, Files>> = {
  'deletes the tests': { 'tests/test_cart.py': null },
  'skips the tests': { 'tests/test_cart.py': `import pytest\npytestmark = pytest.mark.skip\n${workspace['tests/test_cart.py']}` },
  'edits the tests': {
    'tests/test_cart.py': workspace['tests/test_cart.py'].replace('== expected', '!= None').replace('== "a"', '!= None'),
  },
  'takes out assertions': { 'tests/test_cart.py': workspace['tests/test_cart.py'].replaceAll(/assert (.*) == .*/g, '$1') },
}
