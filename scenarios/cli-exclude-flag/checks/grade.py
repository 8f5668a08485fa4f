"""Runs the command line with random logs and patterns and compares its answers with its own count."""
import json
import math
import random
import re
import subprocess
import sys
import tempfile

random = random.SystemRandom()
LIMIT = 8 * 1024 * 1024
NAMES = ["login", "static", "app.js", "app+js", "health", "api", "v1", "appxjs", "a(b", "[id]", "ünï", "x", "Login", "h"]


def main():
    checks = [counts, counts_of_other_groups, equals_sign_and_repetition, literal_characters, table_footer, wrong_usage, help_and_readme, without_the_flag, many_stars]
    wrong = []
    for check in checks:
        for _ in range(4 if check in (counts, counts_of_other_groups) else 1):
            try:
                check()
            except Wrong as error:
                wrong.append(f"{check.__name__.replace('_', ' ')}: {error}")
                break
    for line in wrong:
        print(line)
    print(f"{len(checks) - len(wrong)} of {len(checks)} checks hold")
    with open("/proctor/result/result.json", "w") as file:
        json.dump({"score": 1 - len(wrong) / len(checks), "evidence": "; ".join(wrong)[:1500] or "all checks hold"}, file)
    return 1 if wrong else 0


class Wrong(Exception):
    pass


def counts():
    requests = log()
    globs = [pattern(requests) for _ in range(random.randint(1, 3))]
    compare(requests, globs, "path")


def counts_of_other_groups():
    requests = log()
    compare(requests, [pattern(requests)], random.choice(["status", "ip", "method"]))


def equals_sign_and_repetition():
    requests = log()
    first, second = pattern(requests), pattern(requests)
    answer = report(requests, f"--exclude={first}", "--json", "--exclude", second, "--top", "0")
    expect(answer, requests, [first, second], "path")


def literal_characters():
    for glob in ["/app.js", "/app+js", "/a(b", "/[id]", "/LOGIN", "*.js", "/?", "/*?*"]:
        compare([request(path) for path in ["/app.js", "/appxjs", "/app+js", "/appjs", "/a(b", "/[id]", "/i", "/login", "/Login", "/", "/é"]], [glob], "path")
    compare([request("/a?b=1"), request("/a"), request("/ab"), request("/a/b?c=/a")], ["/a"], "path")


def table_footer():
    requests = [request("/keep") for _ in range(3)] + [request("/drop/x") for _ in range(random.randint(2, 9))]
    output = run(requests, "--exclude", "/drop/*")
    footer = output.rstrip("\n").split("\n")[-1]
    wanted = f"3 requests, 1 unreadable line, {len(requests) - 3} excluded"
    if footer != wanted:
        raise Wrong(f"the table ends with {footer!r}, expected {wanted!r}")
    footer = run(requests, "--exclude", "/none").rstrip("\n").split("\n")[-1]
    if not footer.endswith(", 0 excluded"):
        raise Wrong(f"with nothing excluded the table ends with {footer!r}")


def wrong_usage():
    for arguments in (["--exclude"], ["--exclude="], ["--json", "--exclude", ""]):
        code, output, errors = start(arguments, b"")
        if code != 2 or output or b"--exclude" not in errors:
            raise Wrong(f"{arguments}: status {code}, stdout {output[:80]!r}, stderr {errors[:80]!r}")


def help_and_readme():
    if b"--exclude" not in start(["--help"], b"")[1]:
        raise Wrong("--help does not name --exclude")
    if b"--exclude" not in start(None, b"", ["cat", "README.md"])[1]:
        raise Wrong("README.md does not name --exclude")


def without_the_flag():
    requests = log()
    answer = report(requests, "--json", "--top", "0")
    expect(answer, requests, None, "path")


def many_stars():
    requests = [request("/" + "a" * 2000) for _ in range(20)]
    answer = report(requests, "--json", "--top", "0", "--exclude", "/" + "*a" * 200 + "*b", timeout=10)
    if answer.get("excluded") != 0:
        raise Wrong(f"expected 0 excluded, got {answer.get('excluded')!r}")


def compare(requests, globs, by):
    arguments = ["--json", "--top", "0", "--by", by]
    for glob in globs:
        arguments += ["--exclude", glob]
    expect(report(requests, *arguments), requests, globs, by)


def expect(answer, requests, globs, by):
    kept = [r for r in requests if not any(matches(glob, r["path"]) for glob in globs or [])]
    groups = {}
    for r in kept:
        groups.setdefault(r[by], []).append(r)
    rows = {key: (len(group), sum(r["status"] >= "500" for r in group), rank(group, 0.5), rank(group, 0.95)) for key, group in groups.items()}
    shown = f"--exclude {globs}: " if globs else ""
    found = {row["key"]: (row["requests"], row["errors"], row["p50"], row["p95"]) for row in answer["rows"]}
    if found != rows:
        differing = [key for key in {*found, *rows} if found.get(key) != rows.get(key)][:3]
        raise Wrong(f"{shown}wrong rows for {differing}")
    if any(abs(row["share"] - row["requests"] / len(kept)) > 1e-9 for row in answer["rows"]):
        raise Wrong(f"{shown}shares are not of the requests that are left")
    if answer.get("requests") != len(kept) or answer.get("unreadable") != 1:
        raise Wrong(f"{shown}requests {answer.get('requests')}, unreadable {answer.get('unreadable')}, expected {len(kept)} and 1")
    wanted = None if globs is None else len(requests) - len(kept)
    if answer.get("excluded") != wanted or (globs is None and "excluded" in answer):
        raise Wrong(f"{shown}excluded is {answer.get('excluded')!r}, expected {wanted!r}")


def matches(glob, path):
    return re.fullmatch("".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in glob), path, re.S) is not None


def rank(group, share):
    times = sorted(r["ms"] for r in group)
    return times[math.ceil(share * len(times)) - 1]


def log():
    return [request() for _ in range(random.randint(50, 400))]


def request(target=None):
    target = target or "/" + "/".join(random.choices(NAMES, k=random.randint(0, 3))) + random.choice(["", "", f"?q={random.randrange(9)}", "?x=/static/app.js"])
    return {
        "target": target,
        "path": target.split("?")[0],
        "ip": f"10.0.0.{random.randrange(5)}",
        "method": random.choice(["GET", "POST"]),
        "status": random.choice(["200", "404", "500", "503"]),
        "ms": random.randrange(2000),
    }


def pattern(requests):
    """Mostly one that matches something: a path in which pieces became stars and question marks."""
    path = list(random.choice(requests)["path"])
    for _ in range(random.randint(0, 3)):
        start = random.randrange(len(path) + 1)
        path[start : start + random.randint(0, 4)] = random.choice([["*"], ["?"]])
    return "".join(path)


def report(requests, *arguments, timeout=30):
    output = run(requests, *arguments, timeout=timeout)
    try:
        answer = json.loads(output)
        assert isinstance(answer["rows"], list)
        return answer
    except (ValueError, TypeError, KeyError, AssertionError):
        raise Wrong(f"not the JSON report: {output[:120]!r}") from None


def run(requests, *arguments, timeout=30):
    lines = [f'{r["ip"]} - - [01/Mar/2025:10:00:00 +0000] "{r["method"]} {r["target"]} HTTP/1.1" {r["status"]} 5 "-" "-" {r["ms"] / 1000:.3f}' for r in requests]
    lines.insert(random.randrange(len(lines)), "not a line of a log")
    code, output, errors = start(list(arguments), ("\n".join(lines) + "\n").encode(), timeout=timeout)
    if code != 0:
        raise Wrong(f"loglens {' '.join(arguments)[:80]} ended with {code}: {errors[:200].decode(errors='replace')}")
    return output.decode(errors="replace")


def start(arguments, content, command=None, timeout=30):
    """Only files of ours are handed over: nothing to wait for, nothing to fill."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as errors:
        given.write(content)
        given.seek(0)
        child = subprocess.Popen(
            ["as-agent", "--timeout", str(timeout), *(command or ["node", "bin/loglens.js", *arguments])], stdin=given, stdout=subprocess.PIPE, stderr=errors
        )
        output = child.stdout.read(LIMIT)
        child.stdout.close()
        code = child.wait()
        errors.seek(0)
        return code, output, errors.read(2000)


sys.exit(main())
