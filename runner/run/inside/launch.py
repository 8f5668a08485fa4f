"""Prepares a grading sandbox and becomes the command that grades. Root, the first child of init.

Reads frames (a line of JSON; with "n", that many bytes follow) from stdin: {"plan": ...}, then per section the entries to
lay down, then {"end": true}. Whatever the entries say, no path is followed through a link that somebody else laid.
"""

import base64
import errno
import json
import os
import stat
import sys

USER = 1000
WORKSPACE = b"/home/user/workspace"
GRADER = b"/proctor/grader"
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FRESH = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Refused(Exception):
    pass


def frames(pipe):
    while True:
        line = pipe.readline()
        if not line.endswith(b"\n"):
            raise Refused("the plan ended early")
        head = json.loads(line)
        body = pipe.read(head.get("n", 0))
        if len(body) != head.get("n", 0):
            raise Refused("the plan ended early")
        if head.get("end"):
            return
        yield head, body


class Place:
    """Where a section goes. What is in its way goes: the sender has seen to it that nothing is which must stay."""

    def __init__(self, root, owner):
        self.root = os.open(root, FOLDER)
        self.owner = owner

    def put(self, head, body, more):
        folder, name = self.parent(base64.b64decode(head["p"]), make=True)
        try:
            self.clear(folder, name)
            if head["t"] == "link":
                target = body + b"".join(more(head["b"] - len(body)))
                os.symlink(target, name, dir_fd=folder)
                os.chown(name, self.owner, self.owner, dir_fd=folder, follow_symlinks=False)
            else:
                self.write(folder, name, head, body, more)
        finally:
            os.close(folder)

    def remove(self, head):
        path = base64.b64decode(head["p"])
        try:
            folder, name = self.parent(path, make=False)
        except OSError:
            return
        try:
            os.unlink(name, dir_fd=folder)
        except OSError:
            return
        finally:
            os.close(folder)
        self.prune(path)

    def write(self, folder, name, head, body, more):
        file = os.open(name, FRESH, 0o600, dir_fd=folder)
        with open(file, "wb") as out:
            out.write(body)
            for part in more(head["b"] - len(body)):
                out.write(part)
            os.fchown(file, self.owner, self.owner)
            os.fchmod(file, 0o755 if head.get("x") else 0o644)

    def parent(self, path, make):
        """An open folder, and the last name. Each step is taken from the open folder before it."""
        parts = path.split(b"/")
        if any(part in (b"", b".", b"..") for part in parts):
            raise Refused("a path that leads elsewhere")
        folder = os.dup(self.root)
        for part in parts[:-1]:
            try:
                inner = self.step(folder, part, make)
            finally:
                os.close(folder)
            folder = inner
        return folder, parts[-1]

    def step(self, folder, part, make):
        try:
            return os.open(part, FOLDER, dir_fd=folder)
        except OSError as error:
            if not make or error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                raise
            if error.errno != errno.ENOENT:
                self.clear(folder, part)
            os.mkdir(part, 0o755, dir_fd=folder)
            os.chown(part, self.owner, self.owner, dir_fd=folder, follow_symlinks=False)
            return os.open(part, FOLDER, dir_fd=folder)

    def clear(self, folder, name):
        try:
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return
        if stat.S_ISDIR(found.st_mode):
            remove_tree(folder, name)
        else:
            os.unlink(name, dir_fd=folder)

    def prune(self, path):
        """git knows no empty folder, so one that a deletion emptied goes too."""
        while b"/" in path:
            path = path.rpartition(b"/")[0]
            folder, name = self.parent(path, make=False)
            try:
                os.rmdir(name, dir_fd=folder)
            except OSError:
                return
            finally:
                os.close(folder)


def remove_tree(folder, name):
    inner = os.open(name, FOLDER, dir_fd=folder)
    try:
        for entry in os.listdir(inner):
            entry = os.fsencode(entry)
            if stat.S_ISDIR(os.stat(entry, dir_fd=inner, follow_symlinks=False).st_mode):
                remove_tree(inner, entry)
            else:
                os.unlink(entry, dir_fd=inner)
    finally:
        os.close(inner)
    os.rmdir(name, dir_fd=folder)


def lay(source, plan):
    places = {}

    def more(left):
        while left > 0:
            _, body = next(source)
            left -= len(body)
            yield body

    def place(section):
        if section == "work":
            return Place(WORKSPACE, USER)
        if section == "files" and plan["as"] == "user":
            return Place(WORKSPACE, USER)
        return Place(GRADER if section == "files" else b"/", 0)

    section = "work"
    for head, body in source:
        if "section" in head:
            section = head["section"]
            continue
        if section not in places:
            places[section] = place(section)
        if head["t"] == "gone":
            places[section].remove(head)
        else:
            places[section].put(head, body, more)


def make_folders(plan):
    if plan["as"] != "grader":
        return
    for path, mode in ((b"/proctor", 0o755), (b"/proctor/bin", 0o755), (GRADER, 0o700), (b"/proctor/result", 0o700)):
        os.mkdir(path, mode)


def user_environment(env):
    return {**os.environ, **env, "HOME": "/home/user", "USER": "user", "LOGNAME": "user", "SHELL": "/bin/bash"}


def grader_environment(plan):
    """Nothing on its path may belong to the code that it grades."""
    path = [part for part in os.environ.get("PATH", "").split(":") if is_ours(part)]
    return {"LANG": "C.UTF-8", **plan["env"], "HOME": "/root", "USER": "root", "PATH": ":".join(["/proctor/bin", *path])}


def is_ours(folder):
    try:
        found = os.stat(folder)
    except OSError:
        return False
    return found.st_uid == 0 and not found.st_mode & 0o022 and not os.path.realpath(folder).startswith("/home/")


def become_user(plan):
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)
    os.chdir(WORKSPACE)
    return user_environment({**plan["environment"], **plan["env"]})


def become_grader(plan):
    with open("/proctor/environment.json", "w") as out:
        json.dump(user_environment(plan["environment"]), out)
    os.chmod("/proctor/environment.json", 0o644)
    os.chdir(GRADER)
    return grader_environment(plan)


def main():
    os.umask(0o022)
    try:
        source = frames(sys.stdin.buffer)
        plan = next(source)[0]["plan"]
        make_folders(plan)
        lay(source, plan)
        environment = become_grader(plan) if plan["as"] == "grader" else become_user(plan)
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        os.execvpe(plan["command"][0], plan["command"], environment)
    except (Refused, OSError, ValueError, KeyError, StopIteration) as error:
        print(f"proctor could not start the grading command: {error!r}", file=sys.stderr)
        os._exit(125)


main()
