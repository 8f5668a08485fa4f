"""Commands that the agent starts, with what they wrote as far as the agent itself sees it, and how they ended."""

import io
import os

from steps_pipe import MAX_TEXT, bounded, busy, dressed, quietly


class Shells:
    """Commands, with what they wrote as far as the agent itself gets to see it, and how they ended."""

    def __init__(self, pipe, edits):
        self.pipe = pipe
        self.edits = edits
        self.open = set()
        os.register_at_fork(after_in_child=self.open.clear)

    def begin(self, command, inherits):
        self.settle()
        self.edits.settle()
        shell = Shell(self.pipe.begin("shell", {"command": bounded(rendered(command)), "inherits": inherits}), inherits)
        self.open.add(shell)
        return shell

    def end(self, shell, code):
        shell.code = code
        if shell.readers <= 0:
            self._close(shell)

    def settle(self, final=False):
        for shell in list(self.open):
            if final or shell.code is not None:
                self._close(shell)

    def _close(self, shell):
        if shell not in self.open:
            return
        self.open.discard(shell)
        output = shell.output()
        if shell.inherits:
            self.pipe.catch_up()
        self.pipe.end(shell.step, {"exit_code": shell.code, **({"output": output} if output else {})})


class Shell:
    def __init__(self, step, inherits):
        self.step = step
        self.inherits = inherits
        self.code = None
        self.readers = 0
        self.communicating = False
        self.head, self.tail, self.lost = b"", b"", 0
        self.seen = 0

    def saw(self, data):
        if not data:
            return
        half = MAX_TEXT // 2
        if isinstance(data, str):
            data = data.encode(errors="replace")
        self.seen += len(data)
        room = half - len(self.head)
        rest = len(data) - room
        self.head += data[:room]
        if rest > 0:
            self.lost += max(0, len(self.tail) + rest - half)
            self.tail = data[-half:] if rest >= half else (self.tail + data[room:])[-half:]

    def output(self):
        if not self.lost:
            return (self.head + self.tail).decode(errors="replace")
        return {"head": self.head.decode(errors="replace"), "tail": self.tail.decode(errors="replace"), "lost": self.lost}


def rendered(command):
    if isinstance(command, (str, bytes, os.PathLike)):
        return os.fsdecode(command)
    return " ".join(quoted(os.fsdecode(part)) for part in command)


def quoted(part):
    if part and all(letter.isalnum() or letter in "@%+=:,./-_" for letter in part):
        return part
    return "'" + part.replace("'", "'\"'\"'") + "'"


class Tee(io.FileIO):
    """The reading end of a command's pipe, as the agent reads it itself."""

    def watch(self, saw, ended):
        self.saw, self.ended = quietly(saw), quietly(ended)
        return self

    def readinto(self, buffer):
        count = super().readinto(buffer)
        if count:
            self.saw(bytes(memoryview(buffer)[: min(count, MAX_TEXT)]))
        elif count == 0:
            self.ended()
        return count

    def read(self, size=-1):
        data = super().read(size)
        if data:
            self.saw(data)
        if data == b"" or (data and size < 0):
            self.ended()
        return data

    def readall(self):
        data = super().readall()
        self.saw(data)
        self.ended()
        return data


class CommandTaps:
    """Wraps what starts processes: in place, so that names and classes stay what they are."""

    def __init__(self, pipe, edits):
        self.shells = Shells(pipe, edits)

    def instant(self, command):
        """A command whose end can't be seen from here."""
        self.shells.end(self.shells.begin(command, True), None)

    def wrap_system(self):
        begin, end, system = quietly(self.shells.begin), quietly(self.shells.end), os.system

        def tapped(command):
            shell = begin(command, True)
            status = system(command)
            if shell is not None:
                end(shell, os.waitstatus_to_exitcode(status))
            return status

        os.system = dressed(tapped, system)

    def wrap_subprocess(self, module):
        end = quietly(self.shells.end)
        popen = module.Popen
        init, communicate, handle = popen.__init__, popen.communicate, popen._handle_exitstatus

        @quietly
        def started(process, args, kwargs):
            command = kwargs["args"] if "args" in kwargs else args[0]
            inherits = (kwargs["stdout"] if "stdout" in kwargs else args[4] if len(args) > 4 else None) is None
            process._proctor = self.shells.begin(command, inherits)

        @quietly
        def tee(process):
            shell = process._proctor
            for name in ("stdout", "stderr"):
                stream = getattr(process, name)
                if stream is None:
                    continue
                setattr(process, name, self._teed(stream, shell))

        @quietly
        def communicated(process, outputs, seen):
            shell = process._proctor
            # With a single pipe, communicate reads through the tee; with two it reads the descriptors itself.
            for output in outputs if shell.seen == seen else ():
                shell.saw(output)
            shell.readers = 0
            if process.returncode is not None:
                self.shells.end(shell, process.returncode)

        def __init__(self, *args, **kwargs):
            started(self, args, kwargs)
            was, busy.on = busy.on, True
            try:
                init(self, *args, **kwargs)
            except BaseException:
                busy.on = was
                if self._proctor is not None:
                    end(self._proctor, 127)
                raise
            finally:
                busy.on = was
            if self._proctor is not None:
                tee(self)

        def tapped_communicate(self, *args, **kwargs):
            shell = self._proctor
            if shell is None:
                return communicate(self, *args, **kwargs)
            shell.communicating, seen = True, shell.seen
            try:
                outputs = communicate(self, *args, **kwargs)
            except module.TimeoutExpired as late:
                communicated(self, (late.output, late.stderr), seen)
                raise
            finally:
                shell.communicating = False
            communicated(self, outputs, seen)
            return outputs

        def _handle_exitstatus(self, *args, **kwargs):
            handle(self, *args, **kwargs)
            shell = self._proctor
            if shell is not None and not shell.communicating and self.returncode is not None:
                end(shell, self.returncode)

        popen._proctor = None
        popen.__init__ = dressed(__init__, init)
        popen.communicate = dressed(tapped_communicate, communicate)
        popen._handle_exitstatus = _handle_exitstatus

    def _teed(self, stream, shell):
        """The same stream over another file descriptor of the same pipe, which tells what is read from it."""
        text = stream if isinstance(stream, io.TextIOWrapper) else None
        inner = text.buffer if text else stream
        raw = Tee(os.dup(inner.fileno()), "rb")

        def ended():
            shell.readers -= 1
            raw.ended = lambda: None
            if shell.code is not None:
                self.shells.end(shell, shell.code)

        raw.watch(shell.saw, ended)
        shell.readers += 1
        fresh = raw
        if isinstance(inner, io.BufferedReader):
            fresh = io.BufferedReader(raw)
        if text:
            fresh = io.TextIOWrapper(fresh, encoding=text.encoding, errors=text.errors)
        stream.close()
        return fresh

    def wrap_asyncio(self, module):
        transport = module.BaseSubprocessTransport
        received, lost = transport._pipe_data_received, transport._call_connection_lost
        end = quietly(self.shells.end)

        @quietly
        def saw(process, data):
            process._proctor.saw(data)

        def _pipe_data_received(self, fd, data):
            saw(self._proc, data)
            return received(self, fd, data)

        def _call_connection_lost(self, *args):
            shell = getattr(self._proc, "_proctor", None)
            if shell is not None:
                shell.readers = 0
                end(shell, self._returncode)
            return lost(self, *args)

        transport._pipe_data_received = _pipe_data_received
        transport._call_connection_lost = _call_connection_lost
