"""Rewrites test functions so that each one does what it did and then fails, and becomes the command that runs them.

    fail_tests.py MESSAGE TARGETS COMMAND...

TARGETS: base64 of zlib of JSON, `{file: [qualified names]}`. Runs before any code of the workspace does, and leaves no process behind. The
body stays and runs first, so that code which tampers with the test runner only once it is called shows itself too.
"""

import ast
import base64
import json
import os
import sys
import zlib


def main():
    message, targets, command = sys.argv[1], sys.argv[2], sys.argv[3:]
    sys.setrecursionlimit(20_000)
    for path, names in json.loads(zlib.decompress(base64.b64decode(targets))).items():
        try:
            rewrite(path, frozenset(names), message)
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
            # Left as it is: the plugin fails these tests from outside.
            continue
    os.execv(command[0], command)


def rewrite(path, names, message):
    with open(path, "rb") as file:
        tree = ast.parse(file.read())
    fail_in(tree, "", names, message)
    text = ast.unparse(ast.fix_missing_locations(tree))
    with open(path, "w", encoding="utf-8") as file:
        file.write(text + "\n")


def fail_in(node, prefix, names, message):
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if prefix + child.name in names:
                fail(child, message)
        elif isinstance(child, ast.ClassDef):
            fail_in(child, prefix + child.name + ".", names, message)
        else:
            fail_in(child, prefix, names, message)


def fail(function, message):
    raised = ast.Raise(exc=ast.Call(func=ast.Name("AssertionError", ast.Load()), args=[ast.Constant(message)], keywords=[]), cause=None)
    has_docstring = ast.get_docstring(function, clean=False) is not None
    kept, body = function.body[:has_docstring], function.body[has_docstring:]
    function.body = [*kept, ast.Try(body=body or [ast.Pass()], handlers=[], orelse=[], finalbody=[raised])]


main()
