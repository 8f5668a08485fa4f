"""The resident driver of a sandbox: the container's main command, which runs what the host asks for.

One exec through the engine costs about 60 ms, one through this process about 4. It speaks frames on its stdin and
stdout: a line of JSON, followed by `n` raw bytes when the line has `n`.

  host:   {"op":"exec","id":1,"argv":[],"cwd":"","env":{},"timeout_ms":0,"max_output":0,"steps":false,"as":"user"}
          {"op":"kill","id":1}   {"op":"put","id":2,"at":"/dir"}   {"op":"put","id":2,"n":65536}   {"op":"put","id":2,"end":true}
  driver: {"ready":true}   {"id":1,"at":"stdout|stderr|steps","n":0}   {"id":1,"exit":0,"timed_out":false,"lost":{}}
          {"id":2,"ok":true}   {"id":2,"error":"text"}

An agent shares its user with this process, so nothing here is a guard: the host trusts the engine alone.
"""
import fcntl
import json
import os
import select
import signal
import sys
import time

CHUNK = 65536
LONGEST_LINE = 1 << 20
DRAIN_S = 0.2
DEFAULT_OUTPUT = 8 << 20


def main():
    # Children must find neither of the host's pipes, so these leave 0 and 1 and close on exec.
    source = fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, 64)
    sink = fcntl.fcntl(1, fcntl.F_DUPFD_CLOEXEC, 64)
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    if len(sys.argv) > 1:
        forward(sys.argv[1])
    Driver(source, sink).serve()


def forward(source):
    """Starts inside/forwarder.py, which is handed over as text, as a process of its own.

    It gets a socket that listens already, so that whoever connects before it is up waits for it.
    """
    import socket
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 8484))
    listener.listen(1024)
    if os.fork() == 0:
        try:
            listener.set_inheritable(True)
            os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", source, str(listener.fileno())])
        finally:
            os._exit(127)
    listener.close()


class Driver:
    def __init__(self, source, sink):
        self.sink = sink
        self.jobs = {}
        self.puts = {}
        self.readers = {}
        self.poll = select.poll()
        self.pending = bytearray()
        self.body = None
        self.skipping = False
        wake, waker = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.watch(wake, lambda: os.read(wake, CHUNK))
        self.watch(source, lambda: self.take(os.read(source, CHUNK)))

    def watch(self, fd, reader):
        self.readers[fd] = reader
        self.poll.register(fd, select.POLLIN)

    def forget(self, fd):
        if self.readers.pop(fd, None):
            self.poll.unregister(fd)
            os.close(fd)

    def serve(self):
        self.send({"ready": True})
        while True:
            waits = [job.due() for job in self.jobs.values()]
            soonest = min((at for at in waits if at is not None), default=None)
            timeout = None if soonest is None else max(0, (soonest - time.monotonic()) * 1000 + 1)
            for fd, _ in self.poll.poll(timeout):
                reader = self.readers.get(fd)
                if reader:
                    reader()
            for job in list(self.jobs.values()):
                job.step()

    def send(self, head, body=b""):
        line = json.dumps(head, ensure_ascii=True).encode() + b"\n" + body
        view = memoryview(line)
        try:
            while view:
                view = view[os.write(self.sink, view):]
        except OSError:
            os._exit(0)

    def take(self, data):
        if not data:
            os._exit(0)  # The host is gone; init ends everything with us.
        self.pending += data
        while self.frame():
            pass

    def frame(self):
        if self.body is not None:
            head, left = self.body
            if not self.pending:
                return False
            piece = bytes(self.pending[:left])
            del self.pending[:left]
            left -= len(piece)
            self.body = (head, left) if left else None
            self.feed(head, piece)
            return True
        end = self.pending.find(b"\n")
        if end < 0:
            if len(self.pending) > LONGEST_LINE:
                self.pending.clear()
                self.skipping = True
            return False
        line = bytes(self.pending[:end])
        del self.pending[:end + 1]
        if self.skipping:
            self.skipping = False
            return True
        try:
            head = json.loads(line)
            size = int(head.get("n", 0))
            if size > 0:
                self.body = (head, size)
            else:
                self.obey(head)
        except Exception as error:
            sys.stderr.write("driver: skipped a line: %r\n" % error)
        return True

    def obey(self, head):
        op, key = head["op"], head["id"]
        if op == "exec":
            self.exec(key, head)
        elif op == "kill" and key in self.jobs:
            self.jobs[key].kill()
        elif op == "put" and head.get("end"):
            self.feed(head, b"", True)
        elif op == "put":
            self.put(key, head["at"])

    def exec(self, key, head):
        env = dict(os.environ)
        who = person(head.get("as"))
        if who:
            env.update(HOME=who.pw_dir, USER=who.pw_name, LOGNAME=who.pw_name)
        env.update(head.get("env") or {})
        names = ["stdout", "stderr"] + (["steps"] if head.get("steps") else [])
        job = Job(self, key, head.get("timeout_ms") or 0, head.get("max_output", DEFAULT_OUTPUT))
        job.start(head["argv"], head.get("cwd"), env, names, who)

    def put(self, key, at):
        job = Job(self, key, 0, CHUNK, replies=True)
        who = person("user") if os.getuid() == 0 else None
        try:
            os.makedirs(at, exist_ok=True)
            if who:
                os.chown(at, who.pw_uid, who.pw_gid)
        except OSError as error:
            self.send({"id": key, "error": str(error)})
            return
        tar = ["/usr/bin/tar", "-x", "-C", at, "--no-same-owner", "--same-permissions", "-f", "-"]
        read, self.puts[key] = os.pipe2(os.O_CLOEXEC)
        job.start(tar, "/", dict(os.environ, TAR_OPTIONS=""), ["stdout", "stderr"], who, stdin=read)
        os.close(read)

    def feed(self, head, piece, end=False):
        pipe = self.puts.get(head.get("id"))
        if pipe is None:
            return
        try:
            view = memoryview(piece)
            while view:
                view = view[os.write(pipe, view):]
        except OSError:
            end = True  # tar gave up; its exit code says why.
        if end:
            os.close(self.puts.pop(head["id"]))


class Job:
    def __init__(self, driver, key, timeout_ms, limit, replies=False):
        self.driver = driver
        self.key = key
        self.limit = limit
        self.replies = replies
        self.pid = None
        self.exit = None
        self.timed_out = False
        self.ends = time.monotonic() + timeout_ms / 1000 if timeout_ms else None
        self.drained_at = None
        self.open = set()
        self.sent = {}
        self.lost = {}
        self.said = b""

    def start(self, argv, cwd, env, names, who, stdin=0):
        pipes = [(name, *os.pipe2(os.O_CLOEXEC)) for name in names]
        try:
            self.pid = os.fork()
        except OSError as error:
            for _, read, write in pipes:
                os.close(read)
                os.close(write)
            text = ("cannot start a process: %s\n" % error.strerror).encode()
            self.forward("stderr", text)
            self.exit = 126
            self.report()
            return
        if self.pid == 0:
            become(argv, cwd, env, [write for _, _, write in pipes], who, stdin)
        self.driver.jobs[self.key] = self
        # Steps first: a step that was told before something was printed is heard before it.
        for name, read, write in reversed(pipes):
            os.close(write)
            self.open.add(read)
            self.driver.watch(read, lambda fd=read, name=name: self.read(fd, name))

    def due(self):
        return self.drained_at if self.exit is not None else self.ends

    def step(self):
        if self.exit is None:
            try:
                done, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                done, status = self.pid, 255 << 8
            if done:
                code = os.waitstatus_to_exitcode(status)
                self.exit = 128 - code if code < 0 else code
                self.drained_at = time.monotonic() + DRAIN_S
            elif self.ends is not None and time.monotonic() >= self.ends:
                self.timed_out = True
                self.ends = None
                self.kill()
        if self.exit is not None and (not self.open or time.monotonic() >= self.drained_at):
            self.report()

    def kill(self):
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except OSError:
            if self.exit is None:  # The child has not made its group yet.
                os.kill(self.pid, signal.SIGKILL)

    def read(self, fd, name):
        try:
            data = os.read(fd, CHUNK)
        except OSError:
            data = b""
        if not data:
            self.open.discard(fd)
            self.driver.forget(fd)
        elif self.key in self.driver.jobs:
            self.forward(name, data)
        # else: a background child still writes after its command was reported; its pipe stays open, its words go nowhere.

    def forward(self, name, data):
        if self.replies:
            self.said = (self.said + data)[-4096:]
            return
        sent = self.sent.get(name, 0)
        keep = data[:max(0, self.limit - sent)]
        self.sent[name] = sent + len(keep)
        self.lost[name] = self.lost.get(name, 0) + len(data) - len(keep)
        if keep:
            self.driver.send({"id": self.key, "at": name, "n": len(keep)}, keep)

    def report(self):
        self.driver.jobs.pop(self.key, None)
        if not self.replies:
            self.driver.send({"id": self.key, "exit": self.exit, "timed_out": self.timed_out, "lost": self.lost})
        elif self.exit == 0:
            self.driver.send({"id": self.key, "ok": True})
        else:
            self.driver.send({"id": self.key, "error": self.said.decode("utf-8", "replace") or "tar exited %d" % self.exit})


def person(name):
    if not name or os.getuid() != 0:
        return None
    import pwd
    return pwd.getpwnam(name)


def become(argv, cwd, env, pipes, who, stdin):
    """The child's side of a fork: never returns."""
    code = 126
    what = argv[0]
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for name in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD):
            signal.signal(name, signal.SIG_DFL)
        os.dup2(stdin, 0)
        os.dup2(pipes[0], 1)
        os.dup2(pipes[1], 2)
        if len(pipes) > 2:
            os.set_inheritable(pipes[2], True)
            env["PROCTOR_STEPS_FD"] = str(pipes[2])
        if who:
            os.setgroups(os.getgrouplist(who.pw_name, who.pw_gid))
            os.setgid(who.pw_gid)
            os.setuid(who.pw_uid)
        what = cwd or env.get("HOME") or "/"
        os.chdir(what)
        what = argv[0]
        os.execvpe(what, argv, env)
    except OSError as error:
        code = 127 if isinstance(error, FileNotFoundError) else 126
        os.write(2, ("%s: %s\n" % (what, error.strerror)).encode("utf-8", "replace"))
    except BaseException as error:
        os.write(2, ("%s: %s\n" % (argv[0], error)).encode("utf-8", "replace"))
    os._exit(code)


main()
