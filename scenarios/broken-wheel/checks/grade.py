"""Adds a theme and a filter, builds the wheel, installs it elsewhere, and compares the installed command with the source tree."""
import json
import random
import subprocess
import sys

random = random.SystemRandom()
LIMIT = 4 * 1024 * 1024
SOURCE, SITE, OUT = "/tmp/inkwell-source", "/tmp/inkwell-site", "/tmp/inkwell-out"
WORDS = ["news", '"quoted"', "*soft*", "10 kg", "!loud words!", "it's", "wait...", "<b>", "[site](https://example.com/?a=1&b=2)", "2.5 h", "ünï"]


def main():
    try:
        evidence = examine()
        failed = False
    except Wrong as error:
        evidence, failed = str(error), True
    print(evidence)
    with open("/proctor/result/result.json", "w") as file:
        json.dump({"score": 0 if failed else 1, "evidence": evidence[-1500:]}, file)
    return 1 if failed else 0


class Wrong(Exception):
    pass


def examine():
    theme, change = name(), name()
    must(f"cp -r /home/user/workspace {SOURCE} && mkdir {OUT}", "copying the workspace")
    package = f"{SOURCE}/src/inkwell"
    must(f"cp -r {package}/themes/plain {package}/themes/{theme} && echo '<p>{theme} $title</p>$body' > {package}/themes/{theme}/page.html", "adding a theme")
    must(f"cat > {package}/filters/{change}.py", "adding a filter", f'def apply(text):\n    return text + " {change}"\n')

    cases = [issue(theme, change) for _ in range(12)]
    from_source = f"cd / && PYTHONPATH={SOURCE}/src exec python3 -m inkwell"
    expected = [must(f"{from_source} {options}", "running from the source tree", text) for options, text in cases]
    listed = must(f"{from_source} --list", "running from the source tree")
    if theme not in listed or change not in listed:
        raise Wrong("the source tree does not list the new theme and filter")

    must(f"cd {SOURCE} && python3 -m pip wheel . --no-build-isolation --no-deps --no-index --wheel-dir {OUT}", "pip wheel", timeout=120)
    wheels = must(f"ls {OUT}", "pip wheel").split()
    if len(wheels) != 1 or not wheels[0].startswith("inkwell-2.3.1-"):
        raise Wrong(f"expected one wheel of inkwell 2.3.1, found {wheels}")
    inside = must(f"python3 -m zipfile -l {OUT}/{wheels[0]}", "reading the wheel")
    if "test_render" in inside or "tests/" in inside:
        raise Wrong("the tests are in the wheel")
    must(f"rm -rf {SOURCE} && python3 -m pip install --no-index --no-deps --target {SITE} {OUT}/{wheels[0]}", "installing the wheel", timeout=120)

    for command in (f"{SITE}/bin/inkwell", "python3 -m inkwell"):
        installed = f"cd / && PYTHONPATH={SITE} exec {command}"
        if must(f"{installed} --list", f"installed: {command} --list") != listed:
            raise Wrong(f"installed: {command} --list names other themes and filters than the source tree")
        if "2.3.1" not in must(f"{installed} --version", f"installed: {command} --version"):
            raise Wrong(f"installed: {command} --version is not 2.3.1")
        for (options, text), wanted in zip(cases, expected):
            if must(f"{installed} {options}", f"installed: {command} {options}", text) != wanted:
                raise Wrong(f"installed: {command} {options} gives another page than the source tree")
    return f"the installed wheel made the same {len(cases)} pages as the source tree"


def issue(theme, change):
    filters = random.sample(["smartquotes", "shout", "nbsp", change], random.randint(0, 4))
    options = f"--theme {random.choice(['plain', 'wide', theme])} --filters '{','.join(filters)}'"
    lines = [random.choice(["", "- ", "# ", "## "]) + " ".join(random.choices(WORDS, k=5)) for _ in range(8)]
    return options, f"Title: {name()}\nDate: {random.randrange(2000, 2030)}\n\n" + "\n".join(lines)


def name():
    return "".join(random.choices("abcdefghijklmnopqrstuvwxyz", k=10))


def must(script, what, given="", timeout=30):
    child = subprocess.Popen(
        ["as-agent", "--timeout", str(timeout), "sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        child.stdin.write(given.encode())
        child.stdin.close()
    except OSError:
        pass
    output = child.stdout.read(LIMIT).decode(errors="replace")
    child.stdout.close()
    if child.wait() != 0:
        raise Wrong(f"{what} failed: {output.strip()[-800:]}")
    return output


sys.exit(main())
