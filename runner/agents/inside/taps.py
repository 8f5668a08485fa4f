"""Steps from what an agent really does: audit hooks and thin wrappers that write lines of JSON to a pipe while it runs.

Nothing here may change what the agent does. No exception of ours leaves, nothing is printed, no thread is started, and
modules that the agent may not need are wrapped when it imports them. What the host reads is the agent's word all the same.
"""

import os
import sys
from _frozen_importlib_external import PathFinder

from command_taps import CommandTaps
from file_taps import Edits, difference, snapshot
from network_taps import NetworkTaps
from steps_pipe import quietly

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Taps:
    def __init__(self, pipe, workspace, reads):
        self.pipe = pipe
        self.workspace = workspace
        self.reads = reads
        self.seen = set()
        self.edits = Edits(pipe)
        self.commands = CommandTaps(pipe, self.edits)
        self.networks = NetworkTaps(pipe, self.edits)

    def install(self):
        commands, networks = self.commands, self.networks
        handlers = {
            "open": self.opened,
            "os.remove": self.changed,
            "os.rename": self.renamed,
            "os.symlink": self.placed,
            "os.link": self.placed,
            "os.truncate": self.truncated,
            "os.exec": lambda path, args, env: commands.instant(args),
            "os.posix_spawn": lambda path, argv, env: commands.instant(argv),
            "pty.spawn": commands.instant,
            "socket.getaddrinfo": networks.looked_up,
            "socket.connect": networks.connected,
            "socket.sendto": networks.connected,
        }
        handlers = {event: quietly(handler) for event, handler in handlers.items()}

        def hook(event, args):
            handler = handlers.get(event)
            if handler is not None:
                handler(*args)

        sys.addaudithook(hook)
        commands.wrap_system()
        wrappers = {
            "subprocess": commands.wrap_subprocess,
            "asyncio.base_subprocess": commands.wrap_asyncio,
            "http.client": networks.wrap_http_client,
            "httpcore._sync.connection_pool": networks.wrap_httpcore,
            "httpcore._async.connection_pool": networks.wrap_httpcore_async,
            "aiohttp.client": networks.wrap_aiohttp,
        }
        for name in [name for name in wrappers if name in sys.modules]:
            quietly(wrappers.pop(name))(sys.modules[name])
        sys.meta_path.insert(0, WhenImported(wrappers))

    @quietly
    def finish(self):
        self.commands.shells.settle(final=True)
        self.edits.settle(final=True)

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


def is_noise(path):
    return path.startswith(("/dev/", "/proc/", "/sys/")) or "/__pycache__/" in path or path.endswith(".pyc") or "/.git/" in path


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
