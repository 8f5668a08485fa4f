"""Reads test files without running them, and writes down what tests they hold.

    read_tests.py OUT FILES

FILES: base64 of zlib of a JSON list of paths, bytes as latin-1. Written to OUT, for each path that is a plain file: `tests`, by name the
number of assertions and of skip marks (null where only the file's totals are known), and the totals of what stands outside of tests.
"""

import ast
import base64
import json
import os
import re
import stat
import sys
import zlib

MOST_BYTES = 2 * 1024 * 1024


def main():
    out, files = sys.argv[1], json.loads(zlib.decompress(base64.b64decode(sys.argv[2])))
    sys.setrecursionlimit(20_000)
    found = {path: summary for path in files if (summary := read(path)) is not None}
    with open(out, "w", encoding="utf-8") as file:
        json.dump(found, file)


def read(path):
    name = path.encode("latin-1")
    try:
        info = os.lstat(name)
        if not stat.S_ISREG(info.st_mode):
            return None
        if info.st_size > MOST_BYTES:
            return unreadable("larger than 2 MB")
        with open(name, "rb") as file:
            text = file.read()
        if path.endswith((".py", ".pyi")):
            return read_python(text)
        return read_by_pattern(text.decode("utf-8", "replace"))
    except OSError:
        return None
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return unreadable(type(error).__name__)


def unreadable(why):
    return {"tests": {}, "asserts": 0, "skips": 0, "problem": why}


# Python: pytest's and unittest's conventions.


def read_python(text):
    summary = {"tests": {}, "asserts": 0, "skips": 0}
    visit(ast.parse(text), "", 0, summary)
    return summary


def visit(node, prefix, skips, summary):
    """`skips`: marks on the classes around."""
    for child in node.body if isinstance(node, ast.ClassDef) else ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            visit(child, prefix + child.name + ".", skips + marks(child.decorator_list) + class_marks(child), summary)
        elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)) and child.name.startswith("test"):
            # A later definition of the same name replaces the first one.
            summary["tests"][prefix + child.name] = {
                "asserts": sum(map(is_assertion, ast.walk(child))),
                "skips": skips + marks(child.decorator_list) + calls_skip(child) + returns_at_once(child),
            }
        else:
            summary["asserts"] += is_assertion(child)
            summary["skips"] += is_skip(child) or switches_off(child)
            visit(child, prefix, skips, summary)


def is_assertion(node):
    if isinstance(node, ast.Assert):
        return not isinstance(node.test, ast.Constant) and not (isinstance(node.test, ast.Tuple) and node.test.elts)
    if isinstance(node, ast.Call):
        name = last_name(node.func)
        return name.startswith("assert") or (name in ("raises", "warns", "fail") and dotted(node.func) != name) or name == "approx_equal"
    return False


SKIPS = {"skip", "skipif", "skipIf", "skipUnless", "skipTest", "xfail", "expectedFailure", "importorskip"}


def is_skip(node):
    return isinstance(node, ast.Call) and last_name(node.func) in SKIPS


def marks(decorators):
    return sum(last_name(mark.func if isinstance(mark, ast.Call) else mark) in SKIPS for mark in decorators)


def class_marks(node):
    return sum(switches_off(child) for child in node.body)


def switches_off(node):
    """`__test__ = False` and `pytestmark = pytest.mark.skip`."""
    if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
        return False
    names = {last_name(target) for target in (node.targets if isinstance(node, ast.Assign) else [node.target])}
    if "__test__" in names:
        return isinstance(node.value, ast.Constant) and not node.value.value
    return "pytestmark" in names and any(isinstance(part, ast.Attribute) and part.attr in SKIPS for part in ast.walk(node.value))


def calls_skip(function):
    return sum(is_skip(node) for statement in function.body for node in ast.walk(statement))


def returns_at_once(function):
    """An unconditional return with statements behind it: these never run."""
    return any(isinstance(statement, ast.Return) for statement in function.body[:-1])


def last_name(node):
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def dotted(node):
    return f"{dotted(node.value)}.{node.attr}" if isinstance(node, ast.Attribute) else last_name(node)


# Everything else, foremost JavaScript and TypeScript: names and calls as they stand in the text.

COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
TEST = re.compile(r"(?<![\w.$])(x?(?:it|test|specify))((?:\.\w+)*)\s*\(\s*(['\"`])((?:\\.|(?!\3)[^\\\n]){1,300})\3")
GROUP_OFF = re.compile(r"(?<![\w.$])(?:xdescribe|xcontext|x?(?:describe|suite|context)\.(?:skip|todo|only)|(?:it|test)\.only)\b")
ASSERT = re.compile(r"(?<![\w$])(?:expect|assert(?:\.\w+)*|t\.(?:is|ok|not|equal|same|deepEqual|strictEqual|deepStrictEqual|throws|rejects|like|true|false|pass|match))\s*\(")
OFF = {"skip", "todo", "fails", "failing", "skipIf", "runIf"}


def read_by_pattern(text):
    code = COMMENT.sub(" ", text)
    tests = {}
    skips = len(GROUP_OFF.findall(code))
    for keyword, modifiers, _, name in TEST.findall(code):
        tests[name] = None
        skips += keyword.startswith("x") or bool(OFF & set(modifiers.split(".")))
    return {"tests": tests, "asserts": len(ASSERT.findall(code)), "skips": skips}


main()
