"""Runs one turn of a PythonFunction agent: loads its file once, calls the entrypoint, and tells the result over the steps pipe.

Started as `python3 -c <this> <sources of the taps> <options>`, so that nothing of ours lies in the agent's folder.
Options: {"folder", "file", "entrypoint", "input", "workspace", "reads"}.
"""

import sys

# With -c the first place to import from is the current folder: the workspace, which may hold a json.py.
if sys.path and sys.path[0] == "":
    del sys.path[0]

import json
import os
import types

MAX_RESPONSE = 256_000
MAX_TRACEBACK = 64 * 1024
OURS = ("<string>", "<proctor ")


class Refused(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def main():
    ours = [(name, source, types.ModuleType(name)) for name, source in json.loads(sys.argv[1])]
    for name, source, module in ours:
        sys.modules[name] = module
        exec(compile(source, f"<proctor {name}>", "exec"), module.__dict__)
    # An agent may have modules of these names.
    steps_pipe, *_, taps = [sys.modules.pop(name) for name, _, _ in ours]
    options = json.loads(sys.argv[2])
    with open(options["input"], encoding="utf-8") as file:
        task_input = json.load(file)
    keywords = {"proxy_url": os.environ["PROCTOR_TOOLS_URL"], "run_token": os.environ["PROCTOR_RUN_TOKEN"]}
    pipe = steps_pipe.Pipe(int(os.environ.pop("PROCTOR_STEPS_FD")))
    sys.argv = [os.path.join(options["folder"], options["file"])]
    library = list(sys.path)
    tapping = taps.Taps(pipe, options["workspace"], tuple(options["reads"]))
    tapping.install()

    code, body = "agent_entrypoint_invalid", None
    try:
        function = load(**{name: options[name] for name in ("folder", "file", "entrypoint")})
        pipe.send({"t": "loaded"})
        code = "agent_exception"
        result = checked(awaited(function(task_input, **keywords)))
        message, body = {"t": "result"}, result["final_response"].encode(errors="replace")
    except Refused as refused:
        message = {"t": "failed", "code": refused.code, "message": str(refused)}
    except BaseException as error:
        sys.path[:] = library
        message = {"t": "failed", "code": code, **described(error, options["folder"], steps_pipe.bounded)}
    # A child that the agent forked and that came back here has nothing to report.
    if os.getpid() != pipe.owner:
        os._exit(0)
    tapping.finish()
    try:
        pipe.send(message, body if body is None or len(body) <= MAX_RESPONSE else ends(body, message))
    except OSError:
        print("The agent closed the pipe that its result travels on.", file=sys.stderr)
    leave()


def load(folder, file, entrypoint):
    from importlib._bootstrap import module_from_spec
    from importlib._bootstrap_external import spec_from_file_location

    path = os.path.join(folder, file)
    if not entrypoint.isidentifier():
        raise Refused("agent_entrypoint_invalid", f"`{entrypoint}` is not the name of a top-level callable; dotted paths are rejected")
    if not os.path.isfile(path):
        there = ", ".join(sorted(name for name in os.listdir(folder) if name.endswith(".py"))[:20]) or "no .py file"
        raise Refused("agent_entrypoint_invalid", f"`{file}` is not in the agent's code; at its top there is {there}")
    sys.path[:0] = dict.fromkeys([os.path.dirname(path), folder])
    name = os.path.basename(path)[:-3]
    if name in sys.modules or name in sys.builtin_module_names or not name.isidentifier():
        name = "agent_main"
    spec = spec_from_file_location(name, path)
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    function = getattr(module, entrypoint, None)
    if not callable(function):
        found = "nothing" if function is None else f"a {type(function).__name__}"
        there = ", ".join(name for name, value in vars(module).items() if isinstance(value, types.FunctionType))[:300] or "none"
        raise Refused("agent_entrypoint_invalid", f"`{entrypoint}` in `{file}` is {found}, not a callable; its functions: {there}")
    return function


def awaited(result):
    if not hasattr(type(result), "__await__"):
        return result
    import asyncio

    async def whole():
        return await result

    return asyncio.run(whole())


def checked(result):
    """The response as a dict that JSON can hold, or Refused."""
    if isinstance(result, str):
        return {"final_response": result}
    if not isinstance(result, dict):
        raise Refused("agent_response_invalid", f"run returned a {type(result).__name__}, not a string or a dict with `final_response`")
    if not isinstance(result.get("final_response"), str):
        found = f"a {type(result['final_response']).__name__}" if "final_response" in result else "missing"
        keys = ", ".join(repr(key)[:40] for key in list(result)[:20])
        raise Refused("agent_response_invalid", f"`final_response` is {found}, not a string; the keys are: {keys or 'none'}")
    metadata = result.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        raise Refused("agent_response_invalid", f"`metadata` is a {type(metadata).__name__}, not a dict")
    try:
        json.dumps(metadata, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise Refused("agent_response_invalid", f"JSON cannot hold `metadata`: {str(error)[:300]}") from None
    return result


def ends(body, message):
    """Both ends of a response that is too long for one frame; `head` says where they meet."""
    head, tail = MAX_RESPONSE // 2, len(body) - MAX_RESPONSE // 2
    while body[head] & 0xC0 == 0x80:
        head -= 1
    while body[tail] & 0xC0 == 0x80:
        tail += 1
    message.update(head=head, lost=tail - head)
    return body[:head] + body[tail:]


def described(error, folder, bounded):
    """What was raised, and its traceback from the agent's first frame on."""
    try:
        message = f"{type(error).__name__}: {error}"
    except BaseException:
        message = type(error).__name__
    try:
        import traceback

        compact = {"compact": True} if sys.version_info >= (3, 10) else {}
        report = traceback.TracebackException(type(error), error, error.__traceback__, **compact)
        first = next((at for at, frame in enumerate(report.stack) if frame.filename.startswith(folder)), 0)
        frames = [frame for frame in report.stack[first:] if not frame.filename.startswith(OURS)]
        report.stack = traceback.StackSummary.from_list(frames)
        text = "".join(report.format())
    except BaseException as fault:
        text = f"{message} (its traceback cannot be shown: {type(fault).__name__})"
    return {"message": message[:1000], "traceback": bounded(text, MAX_TRACEBACK)}


def leave():
    """Ends without waiting for the agent's threads; what it registered for the end still runs."""
    import atexit

    for last in (atexit._run_exitfuncs, lambda: sys.stdout.flush(), lambda: sys.stderr.flush()):
        try:
            last()
        except BaseException:
            pass
    os._exit(0)


main()
