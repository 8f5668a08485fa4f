"""Steps from what an agent really does: audit hooks and thin wrappers that write lines of JSON to a pipe while it runs.

Nothing here may change what the agent does. No exception of ours leaves, nothing is printed, no thread is started, and
modules that the agent may not need are wrapped when it imports them. What the host reads is the agent's word all the same.
"""

import difflib
import fcntl
import io
import json
import os
import stat
import sys
from _frozen_importlib_external import PathFinder
from _thread import RLock, _local

MAX_STEPS = 1990
MAX_BYTES = 4 * 1024 * 1024
MAX_OF_KIND = {"read": 200, "network": 600, "edit": 1000}
MAX_TEXT = 16 * 1024
MAX_COMPARED = 256 * 1024
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
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

    def begin(self, kind, detail):
        """Announces a step that `end` completes. Returns its id, or None when there are too many."""
        with self.lock:
            of_kind = self.of_kind.get(kind, 0)
            if self.steps >= MAX_STEPS or self.bytes >= MAX_BYTES or of_kind >= MAX_OF_KIND.get(kind, MAX_STEPS):
                if kind not in self.told:
                    self.told.add(kind)
                    self.send({"t": "more", "kind": kind})
                return None
            self.of_kind[kind] = of_kind + 1
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


class Edits:
    """Files opened for writing. What was in them is kept until it has changed; then a step shows the difference."""

    def __init__(self, pipe):
        self.pipe = pipe
        self.open = {}
        os.register_at_fork(after_in_child=self.open.clear)

    def begin(self, path):
        if path in self.open:
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
        shell = Shell(self.pipe.begin("shell", {"command": bounded(rendered(command)), "inherits": inherits}))
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
        self.pipe.end(shell.step, {"exit_code": shell.code, **({"output": output} if output else {})})


class Shell:
    def __init__(self, step):
        self.step = step
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


class Taps:
    def __init__(self, pipe, workspace, reads):
        self.pipe = pipe
        self.workspace = workspace
        self.reads = reads
        self.edits = Edits(pipe)
        self.shells = Shells(pipe, self.edits)
        self.seen = set()
        self.lookups = {}

    def install(self):
        handlers = {
            "open": self.opened,
            "os.remove": self.changed,
            "os.rename": self.renamed,
            "os.symlink": self.placed,
            "os.link": self.placed,
            "os.truncate": self.truncated,
            "os.exec": lambda path, args, env: self.instant(args),
            "os.posix_spawn": lambda path, argv, env: self.instant(argv),
            "pty.spawn": self.instant,
            "socket.getaddrinfo": self.looked_up,
            "socket.connect": self.connected,
            "socket.sendto": self.connected,
        }
        handlers = {event: quietly(handler) for event, handler in handlers.items()}

        def hook(event, args):
            handler = handlers.get(event)
            if handler is not None:
                handler(*args)

        sys.addaudithook(hook)
        self._wrap_system()
        wrappers = {
            "subprocess": self.wrap_subprocess,
            "asyncio.base_subprocess": self.wrap_asyncio,
            "http.client": self.wrap_http_client,
            "httpcore._sync.connection_pool": self.wrap_httpcore,
            "httpcore._async.connection_pool": self.wrap_httpcore_async,
            "aiohttp.client": self.wrap_aiohttp,
        }
        for name in [name for name in wrappers if name in sys.modules]:
            quietly(wrappers.pop(name))(sys.modules[name])
        sys.meta_path.insert(0, WhenImported(wrappers))

    @quietly
    def finish(self):
        self.shells.settle(final=True)
        self.edits.settle(final=True)

    # Files

    def opened(self, path, mode, flags):
        if isinstance(path, int):
            return
        name = os.path.abspath(os.fsdecode(path))
        if is_noise(name):
            return
        if (flags or 0) & WRITES:
            self.edits.begin(name)
        elif name.startswith(self.reads) and name not in self.seen and len(self.seen) < 1000:
            self.seen.add(name)
            if os.path.isfile(name):
                self.pipe.add("read", {"path": name})

    def changed(self, path, *_):
        name = os.path.abspath(os.fsdecode(path))
        if name.startswith(self.workspace) and not is_noise(name) and os.path.lexists(name):
            before = snapshot(name)
            self.edits.settle()
            if name in self.edits.open:
                self.pipe.drop(self.edits.open.pop(name)[0])
            step = self.pipe.begin("edit", {"path": name})
            self.pipe.end(step, difference(before[1], b""))

    def renamed(self, source, target, *folders):
        passing = self.edits.open.pop(os.path.abspath(os.fsdecode(source)), None)
        if passing is not None:
            # A file that only lived to be renamed is no edit of its own.
            self.pipe.drop(passing[0])
        self.placed(source, target, *folders)

    def placed(self, source, target, *folders):
        if any(folder not in (-1, None) for folder in folders):
            return
        name = os.path.abspath(os.fsdecode(target))
        if name.startswith(self.workspace) and not is_noise(name):
            self.edits.begin(name)

    def truncated(self, path, *_):
        if not isinstance(path, int):
            self.opened(path, None, os.O_WRONLY)

    # Commands

    def instant(self, command):
        """A command whose end can't be seen from here."""
        self.shells.end(self.shells.begin(command, True), None)

    def _wrap_system(self):
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

    # Network

    def looked_up(self, host, port, *_):
        if isinstance(host, bytes):
            host = host.decode("latin-1")
        if not isinstance(host, str) or not host or len(self.lookups) >= 256:
            return
        if self.lookups.get(port) != host:
            self.lookups[port] = host
            self.network(host, port)

    def connected(self, sock, address):
        if isinstance(address, tuple) and len(address) >= 2 and address[1] not in self.lookups:
            self.network(address[0], address[1])

    def network(self, host, port, **more):
        port = int(port) if isinstance(port, int) or (isinstance(port, str) and port.isdigit()) else None
        known = {"port": port} if port is not None else {}
        self.edits.settle()
        self.pipe.add("network", {"host": str(host)[:255], **known, **more})

    def requested(self, method, url, host, port, status):
        answered = {} if status is None else {"status": int(status)}
        self.network(host, port, method=text_of(method)[:32], url=text_of(url)[:2048], **answered)

    def wrap_http_client(self, module):
        connection = module.HTTPConnection
        putrequest, endheaders, getresponse = connection.putrequest, connection.endheaders, connection.getresponse
        requested = quietly(self.requested)

        @quietly
        def asked(self, method, url):
            host = getattr(self, "_tunnel_host", None) or self.host
            port = getattr(self, "_tunnel_port", None) or self.port
            secure = isinstance(self, getattr(module, "HTTPSConnection", ())) or self.default_port == 443
            whole = url if "://" in url else f"http{'s' if secure else ''}://{host}:{port}{url}"
            self._proctor = (method, whole, host, port)

        def told(self, status=None):
            request = self.__dict__.pop("_proctor", None)
            if request is not None:
                requested(*request, status)

        def tapped_putrequest(self, method, url, *args, **kwargs):
            asked(self, method, url)
            return putrequest(self, method, url, *args, **kwargs)

        def tapped_endheaders(self, *args, **kwargs):
            try:
                return endheaders(self, *args, **kwargs)
            except BaseException:
                told(self)
                raise

        def tapped_getresponse(self, *args, **kwargs):
            try:
                response = getresponse(self, *args, **kwargs)
            except BaseException:
                told(self)
                raise
            told(self, response.status)
            return response

        connection.putrequest = dressed(tapped_putrequest, putrequest)
        connection.endheaders = dressed(tapped_endheaders, endheaders)
        connection.getresponse = dressed(tapped_getresponse, getresponse)

    def wrap_httpcore(self, module):
        pool = module.ConnectionPool
        handle, told = pool.handle_request, quietly(self.told_httpcore)

        def handle_request(self, request):
            try:
                response = handle(self, request)
            except BaseException:
                told(request)
                raise
            told(request, response.status)
            return response

        pool.handle_request = dressed(handle_request, handle)

    def wrap_httpcore_async(self, module):
        pool = module.AsyncConnectionPool
        handle, told = pool.handle_async_request, quietly(self.told_httpcore)

        async def handle_async_request(self, request):
            try:
                response = await handle(self, request)
            except BaseException:
                told(request)
                raise
            told(request, response.status)
            return response

        pool.handle_async_request = dressed(handle_async_request, handle)

    def told_httpcore(self, request, status=None):
        url = request.url
        scheme, host, target = text_of(url.scheme), text_of(url.host), text_of(url.target)
        port = url.port or (443 if scheme == "https" else 80)
        self.requested(request.method, f"{scheme}://{host}:{port}{target}", host, port, status)

    def wrap_aiohttp(self, module):
        session = module.ClientSession
        request = session._request

        @quietly
        def told(method, url, status):
            parts = url if hasattr(url, "host") else module.URL(url)
            self.requested(method, str(parts), parts.host, parts.port, status)

        async def _request(self, method, str_or_url, **kwargs):
            try:
                response = await request(self, method, str_or_url, **kwargs)
            except BaseException:
                told(method, str_or_url, None)
                raise
            told(method, str_or_url, response.status)
            return response

        session._request = dressed(_request, request)


def is_noise(path):
    return path.startswith(("/dev/", "/proc/", "/sys/")) or "/__pycache__/" in path or path.endswith(".pyc") or "/.git/" in path


def text_of(value):
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def dressed(wrapper, original):
    """A wrapper that looks like what it wraps; functools is not needed for that."""
    for name in ("__module__", "__name__", "__qualname__", "__doc__"):
        setattr(wrapper, name, getattr(original, name, None))
    wrapper.__wrapped__ = original
    return wrapper


class WhenImported:
    """Wraps a module right after it is loaded, whoever imports it."""

    def __init__(self, wrappers):
        self.wrappers = wrappers

    def find_spec(self, name, path=None, target=None):
        wrap = self.wrappers.pop(name, None)
        if wrap is None:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None or not hasattr(spec.loader, "exec_module"):
            return spec
        loader, load = spec.loader, spec.loader.exec_module

        def exec_module(module):
            loader.__dict__.pop("exec_module", None)
            load(module)
            quietly(wrap)(module)

        loader.exec_module = exec_module
        return spec
