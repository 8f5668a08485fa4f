"""The way of steps to the host: bounded lines of JSON over a pipe, and the rule that nothing of ours disturbs the agent."""

import fcntl
import json
import os
import time
from _thread import RLock, _local

MAX_STEPS = 1990
MAX_BYTES = 4 * 1024 * 1024
MAX_OF_KIND = {"read": 200, "network": 600, "edit": 1000}
MAX_TEXT = 16 * 1024
FIONREAD = 0x541B
# What a fault of our own can raise. Anything else comes from a signal handler of the agent, and is the agent's.
OURS = (OSError, ValueError, TypeError, LookupError, AttributeError, RuntimeError, MemoryError, AssertionError)


class Busy(_local):
    """True while this thread is in here: what we open ourselves is no step, and a signal handler can't meet our lock."""

    on = False


busy = Busy()


def quietly(function):
    """Runs `function` unless this thread is in here already. Its faults stay here."""

    def tapped(*args):
        if busy.on:
            return None
        busy.on = True
        try:
            return function(*args)
        except OURS as error:
            if isinstance(error, TimeoutError):
                raise
            return None
        finally:
            busy.on = False

    return tapped


def bounded(text, limit=MAX_TEXT):
    """The text, or its two ends and how many characters are lost between them: the host masks secrets at the cuts."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return {"head": text[:half], "tail": text[-half:], "lost": len(text) - 2 * half}


class Pipe:
    """The way to the host. It moves out of the agent's way, and looks before each write whether it is still there."""

    def __init__(self, fd):
        self.fd = self._move(fd)
        self.identity = self._identity()
        self.lock = RLock()
        self.owner = os.getpid()
        self.steps = self.bytes = 0
        self.of_kind = {}
        self.told = set()
        self.patience = 0.25
        os.register_at_fork(after_in_child=self._forked)

    @staticmethod
    def _move(fd):
        for least in (700, 100):
            try:
                moved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, least)
            except OSError:
                continue
            os.close(fd)
            return moved
        os.set_inheritable(fd, False)
        return fd

    def _identity(self):
        found = os.fstat(self.fd)
        return found.st_dev, found.st_ino

    def _forked(self):
        self.lock = RLock()

    def send(self, message, body=None):
        """One frame: a line, and `n` bytes after it when there is a body."""
        if body:
            message["n"] = len(body)
        line = json.dumps(message).encode() + b"\n" + (body or b"")
        # Only lines up to 4 KiB are written in one piece; a child shares the pipe with its parent.
        if len(line) > 4096 and os.getpid() != self.owner:
            return
        with self.lock:
            if self._identity() != self.identity:
                return
            self.bytes += len(line)
            while line:
                line = line[os.write(self.fd, line) :]

    def catch_up(self):
        """Waits until what was printed so far has been read, so that it is told in order. All waits together are short."""
        unread = bytearray(4)
        try:
            while self.patience > 0 and fcntl.ioctl(1, FIONREAD, unread) == 0 and any(unread):
                began = time.monotonic()
                time.sleep(0.0002)
                self.patience -= time.monotonic() - began
        except OSError:
            self.patience = 0

    def full(self, kind):
        """Whether there are as many steps of this kind as there may be; the host is told once."""
        too_many = self.of_kind.get(kind, 0) >= MAX_OF_KIND.get(kind, MAX_STEPS)
        if not too_many and self.steps < MAX_STEPS and self.bytes < MAX_BYTES:
            return False
        if kind not in self.told:
            self.told.add(kind)
            self.send({"t": "more", "kind": kind})
        return True

    def begin(self, kind, detail):
        """Announces a step that `end` completes. Returns its id, or None when there are too many."""
        with self.lock:
            if self.full(kind):
                return None
            self.catch_up()
            self.of_kind[kind] = self.of_kind.get(kind, 0) + 1
            self.steps += 1
            step = f"{os.getpid()}-{self.steps}"
            self.send({"t": "begin", "id": step, "kind": kind, "detail": detail})
            return step

    def end(self, step, detail):
        if step is not None:
            self.send({"t": "end", "id": step, "detail": detail})

    def drop(self, step):
        if step is not None:
            self.send({"t": "drop", "id": step})

    def add(self, kind, detail):
        self.end(self.begin(kind, detail), {})


def text_of(value):
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def dressed(wrapper, original):
    """A wrapper that looks like what it wraps; functools is not needed for that."""
    for name in ("__module__", "__name__", "__qualname__", "__doc__"):
        setattr(wrapper, name, getattr(original, name, None))
    wrapper.__wrapped__ = original
    return wrapper
