"""Compares the documentation, which is all that the agent may change, with what the program does."""
import json
import posixpath
import re
import subprocess
import sys

LIMIT = 200_000
#      key                    type        default                     environment                       live
SETTINGS = """
listen               | text     | 127.0.0.1:8080           | HOOKRELAY_LISTEN                | no
target               | text     | required                 | HOOKRELAY_TARGET                | yes
secret               | text     | none                     | HOOKRELAY_SECRET_KEY            | yes
secret_header        | text     | X-Signature-256          | HOOKRELAY_SECRET_HEADER         | no
body_limit           | size     | 1m                       | HOOKRELAY_BODY_LIMIT            | yes
timeout              | duration | 10s                      | HOOKRELAY_TIMEOUT               | yes
retry.attempts       | integer  | 5                        | HOOKRELAY_RETRY_ATTEMPTS        | yes
retry.first_delay    | duration | 500ms                    | HOOKRELAY_RETRY_FIRST_DELAY     | yes
retry.max_delay      | duration | 2m                       | HOOKRELAY_RETRY_MAX_DELAY       | yes
queue.folder         | text     | /var/lib/hookrelay       | HOOKRELAY_STATE                 | no
queue.limit          | integer  | 10000                    | HOOKRELAY_QUEUE_LIMIT           | no
queue.keep_failed    | duration | 72h                      | HOOKRELAY_QUEUE_KEEP_FAILED     | yes
headers.forward      | list     | Content-Type, User-Agent | HOOKRELAY_HEADERS_FORWARD       | yes
headers.drop_cookies | boolean  | true                     | HOOKRELAY_HEADERS_DROP_COOKIES  | yes
log.format           | text     | text                     | none                            | no
log.bodies           | boolean  | false                    | none                            | yes
"""
COMMANDS = {"check": {"--config", "--show"}, "sign": {"--config"}, "drain": {"--config", "--max", "--dry-run"}, "requeue": {"--config", "--match"}}
CODES = {"0", "2", "3", "4", "5", "6"}


def main():
    wrong = [*settings(), *example(), *commands(), *exit_codes(), *links()]
    print("\n".join(wrong) or "the documentation says what the program does")
    with open("/proctor/result/result.json", "w") as file:
        json.dump({"score": 0 if wrong else 1, "evidence": "; ".join(wrong)[:1500] or "all pages agree with the program"}, file)
    return 1 if wrong else 0


def settings():
    expected = {cells[0]: cells for cells in (split(line) for line in SETTINGS.strip().splitlines())}
    rows = table(read("docs/configuration.md"), ["key", "type", "default", "environment", "live"])
    keys = [row[0] for row in rows]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield f"configuration.md has {key!r} twice"
    for key in sorted(set(keys) - expected.keys()):
        yield f"configuration.md has {key!r}, which is no setting"
    for key, cells in expected.items():
        row = next((row for row in rows if row[0] == key), None)
        if row is None:
            yield f"configuration.md lacks {key}"
        elif [cell.lower() if i in (1, 4) else cell for i, cell in enumerate(row)] != cells:
            yield f"configuration.md: {key}: found {' | '.join(row[1:])}"


def example():
    blocks = re.findall(r"^```toml\n(.*?)^```", read("docs/configuration.md"), re.M | re.S)
    if not blocks:
        yield "configuration.md has no example in TOML"
    for block in blocks:
        code, output = run(["python3", "-m", "hookrelay", "check", "--config", "-"], block)
        if code != 0:
            yield f"configuration.md: hookrelay refuses the example: {output[:200]}"


def commands():
    sections = re.split(r"^## +", read("docs/commands.md"), flags=re.M)[1:]
    found = {section.split("\n", 1)[0].strip().strip("`"): section for section in sections}
    for name in sorted(found.keys() ^ COMMANDS.keys()):
        yield f"commands.md {'lacks' if name in COMMANDS else 'has'} the heading {name!r}"
    for name, options in COMMANDS.items():
        named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", found.get(name, "")))
        if name in found and named != options:
            yield f"commands.md: {name} names the options {sorted(named)}"


def exit_codes():
    rows = table(read("docs/exit-codes.md"), ["code", "meaning"])
    if sorted(row[0] for row in rows) != sorted(CODES):
        yield f"exit-codes.md has the codes {[row[0] for row in rows]}"
    for code, meaning in rows:
        if len(meaning) < 8:
            yield f"exit-codes.md does not say what {code} means"


def links():
    pages = [f"docs/{name}" for name in run(["ls", "docs"])[1].split() if name.endswith(".md")]
    if "docs/upgrading.md" not in pages:
        yield "docs/upgrading.md is gone"
    for page in ["README.md", *pages]:
        targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]{1,300})\)", read(page))]
        local = {posixpath.normpath(posixpath.join(posixpath.dirname(page), t)) for t in targets if t and "://" not in t}
        for path in sorted(local):
            if path.startswith("../") or run(["test", "-e", path])[0] != 0:
                yield f"{page} links to {path}, which is not there"
        if page == "README.md":
            for missing in sorted(set(pages) - local):
                yield f"README.md does not link to {missing}"


def table(text, header):
    """Rows of the first table with that header, as they read: without backticks, brackets and quotes."""
    lines = iter(text.splitlines())
    for line in lines:
        if "|" in line and [cell.lower() for cell in split(line)] == header:
            next(lines, None)
            rows = []
            for row in lines:
                if not row.strip().startswith("|"):
                    break
                cells = split(row)
                rows.append((cells + [""] * len(header))[: len(header)])
            return rows
    return []


def split(line):
    return [re.sub(r"\s*,\s*", ", ", re.sub(r"[`\"'\[\]]", "", cell).strip()) for cell in line.strip().strip("|").split("|")]


def read(path):
    code, text = run(["cat", path])
    return text.replace("\r\n", "\n") if code == 0 else ""


def run(command, given=""):
    child = subprocess.Popen(["as-agent", "--timeout", "20", *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        child.stdin.write(given.encode()[:60_000])
        child.stdin.close()
    except OSError:
        pass
    output = child.stdout.read(LIMIT).decode(errors="replace")
    child.stdout.close()
    return child.wait(), output


sys.exit(main())
