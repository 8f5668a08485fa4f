"""Files that the agent opens for writing, with the difference it made."""

import difflib
import os
import stat

from steps_pipe import bounded

MAX_COMPARED = 256 * 1024


class Edits:
    """Files opened for writing. What was in them is kept until it has changed; then a step shows the difference."""

    def __init__(self, pipe):
        self.pipe = pipe
        self.open = {}
        os.register_at_fork(after_in_child=self.open.clear)

    def begin(self, path):
        if path in self.open or self.pipe.full("edit"):
            return
        self.settle()
        before = snapshot(path)
        step = self.pipe.begin("edit", {"path": path})
        if step is not None:
            self.open[path] = (step, before)

    def settle(self, final=False):
        for path, (step, before) in list(self.open.items()):
            after = snapshot(path)
            unchanged = after[0] == before[0]
            # A file that is there but empty has not been flushed yet.
            waiting = unchanged or (after[1] == b"" and not before[1])
            if waiting and not final and len(self.open) < 64:
                continue
            del self.open[path]
            if unchanged:
                self.pipe.drop(step)
            else:
                self.pipe.end(step, difference(before[1], after[1]))


ABSENT = (None, b"")


def snapshot(path):
    """What tells whether a file changed, and its bytes when it is a plain file that is small enough (else None)."""
    try:
        found = os.stat(path)
    except OSError:
        return ABSENT
    mark = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
    if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_COMPARED:
        return mark, None
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return mark, None
    try:
        return mark, os.read(fd, MAX_COMPARED)
    finally:
        os.close(fd)


def difference(before, after):
    if before is None or after is None or b"\0" in before or b"\0" in after:
        return {}
    try:
        old, new = lines(before.decode()), lines(after.decode())
    except UnicodeDecodeError:
        return {}
    diff = bounded("".join(hunks(old, new)))
    return {"diff": diff} if diff else {}


def lines(text):
    parts = text.split("\n")
    return [part + "\n" for part in parts[:-1]] + ([parts[-1] + "\n\\ No newline at end of file\n"] if parts[-1] else [])


def hunks(old, new):
    """Unified hunks. What is the same at both ends is set aside first; a middle that is large is shown as one replacement."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    first, after = max(0, start - 3), max(0, end - 3)
    old, new = old[first : len(old) - after], new[first : len(new) - after]
    if max(len(old), len(new)) <= 500:
        groups = difflib.SequenceMatcher(None, old, new).get_grouped_opcodes(3)
    else:
        lead, trail = start - first, end - after
        groups = [
            [
                ("equal", 0, lead, 0, lead),
                ("replace", lead, len(old) - trail, lead, len(new) - trail),
                ("equal", len(old) - trail, len(old), len(new) - trail, len(new)),
            ]
        ]
    for group in groups:
        yield f"@@ -{span(group[0][1], group[-1][2], first)} +{span(group[0][3], group[-1][4], first)} @@\n"
        for what, a, b, c, d in group:
            yield from ((" " if what == "equal" else "-") + line for line in old[a:b])
            if what != "equal":
                yield from ("+" + line for line in new[c:d])


def span(start, end, first):
    return f"{start + first + (1 if end > start else 0)},{end - start}"
