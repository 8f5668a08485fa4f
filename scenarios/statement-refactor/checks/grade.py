"""The package has to read like one that was tidied up, and to do exactly what the original, kept beside this file, does."""
import ast
import base64
import json
import os
import random
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "reference"))
from ledgerin.banks import BANKS  # noqa: E402
from ledgerin.model import StatementError  # noqa: E402

PACKAGE = "/home/user/workspace/ledgerin"
MODULES = ["banks/harbour.py", "banks/nordbank.py", "banks/volksfunk.py", "parsing.py"]
FORBIDDEN = {"re", "csv", "io", "unicodedata", "datetime", "decimal", "time"}
MAX_LINES, MAX_WIDTH = 165, 140
LIMIT = 32 * 1024 * 1024
random = random.SystemRandom()

CHILD = """
import base64, json, sys
sys.path.insert(0, "/home/user/workspace")
from ledgerin.banks import BANKS
from ledgerin.model import StatementError, Transaction
for line in sys.stdin:
    question = json.loads(line)
    answer = {"id": question["id"]}
    try:
        found = BANKS[question["bank"]](base64.b64decode(question["data"]))
        answer["found"] = [[t.day.isoformat(), t.cents, t.currency, t.payee, t.memo] if type(t) is Transaction else None for t in found]
    except StatementError as error:
        answer["error"] = [error.line, str(error)]
    except Exception as error:
        answer["error"] = type(error).__name__
    print(json.dumps(answer))
"""


def main():
    wrong = structure() or behaviour()
    print("\n".join(wrong) or "tidied up, and the same behaviour on all random statements")
    with open("/proctor/result/result.json", "w") as file:
        json.dump({"score": 0 if wrong else 1, "evidence": "; ".join(wrong)[:1500] or "structure and behaviour are as asked"}, file)
    return 1 if wrong else 0


def structure():
    wrong, trees, lines = [], {}, 0
    for module in MODULES:
        text = source(module)
        try:
            trees[module] = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return [f"ledgerin/{module} is missing or is no Python"]
        lines += sum(bool(line.strip()) for line in text.splitlines())
        if any(len(line) > MAX_WIDTH for line in text.splitlines()):
            wrong.append(f"ledgerin/{module} has a line of more than {MAX_WIDTH} characters")
        if module != "parsing.py":
            wrong += [f"ledgerin/{module} still imports {name}" for name in sorted(imports(trees[module]) & FORBIDDEN)]
            if "parsing" not in imports(trees[module]):
                wrong.append(f"ledgerin/{module} does not import ledgerin.parsing")
    if lines > MAX_LINES:
        wrong.append(f"the banks and parsing.py have {lines} lines that are not blank, more than {MAX_LINES}")
    return wrong + twins(trees)


def source(module):
    child = subprocess.Popen(["as-agent", "--timeout", "20", "cat", f"{PACKAGE}/{module}"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    text = child.stdout.read(200_000).decode(errors="replace")
    child.stdout.close()
    child.wait()
    return text if text.strip() else "("


def imports(tree):
    """First parts of what is imported; for `ledgerin` the part after it."""
    names = set()
    for node in ast.walk(tree):
        paths = []
        if isinstance(node, ast.Import):
            paths = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            paths = [f"{node.module}.{alias.name}" if node.module else f"ledgerin.{alias.name}" for alias in node.names]
        for path in paths:
            first, *rest = path.split(".")
            names.add(rest[0] if first == "ledgerin" and rest else first)
    return names


def twins(trees):
    seen, wrong = {}, []
    for module, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) is not None else node.body
                text = "\n".join(ast.dump(statement) for statement in body)
                if len(text) > 200 and text in seen:
                    wrong.append(f"{node.name} in {module} repeats {seen[text]}")
                seen.setdefault(text, f"{node.name} in {module}")
    return wrong


def behaviour():
    questions = []
    for bank, make in (("harbour", harbour), ("nordbank", nordbank), ("volksfunk", volksfunk)):
        for _ in range(250):
            questions.append((f"{random.getrandbits(64):x}", bank, make()))
    said = answers("".join(json.dumps({"id": i, "bank": b, "data": base64.b64encode(d).decode()}) + "\n" for i, b, d in questions))
    wrong = []
    for key, bank, data in questions:
        expected = reference(bank, data)
        answer = said.get(key)
        if answer is None:
            wrong.append(f"{bank}: no answer")
        elif {k: v for k, v in answer.items() if k != "id"} != expected:
            wrong.append(f"{bank}: another result for {data[:300]!r}: {str(answer.get('error', answer.get('found')))[:120]}")
    return [f"{len(wrong)} of {len(questions)} statements are read differently", *wrong[:3]] if wrong else []


def reference(bank, data):
    try:
        found = BANKS[bank](data)
        return {"found": [[t.day.isoformat(), t.cents, t.currency, t.payee, t.memo] for t in found]}
    except StatementError as error:
        return {"error": [error.line, str(error)]}
    except Exception as error:
        return {"error": type(error).__name__}


def answers(questions):
    child = subprocess.Popen(["as-agent", "--timeout", "60", "python3", "-I", "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    threading.Thread(target=feed, args=(child.stdin, questions.encode()), daemon=True).start()
    output = child.stdout.read(LIMIT)
    child.kill()
    said = {}
    for line in output.splitlines():
        try:
            answer = json.loads(line)
            said.setdefault(answer["id"], answer)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            continue
    return said


def feed(pipe, content):
    try:
        pipe.write(content)
        pipe.close()
    except OSError:
        pass


def rarely(odd, usual):
    return random.choice(odd) if random.random() < 0.04 else usual


def word():
    return "".join(random.choices("abcdeüéABC123", k=random.randint(1, 8)))


def words():
    gap = random.choice([" ", "  ", "\u00a0", " "])
    return random.choice(["", " ", "SEPA-", "SEPA- ", ""]) + gap.join(word() for _ in range(random.randint(0, 3))) + random.choice(["", " "])


def whole(separator):
    value = random.choice([random.randrange(10), random.randrange(1000), random.randrange(10**7)])
    return f"{value:,}".replace(",", separator) if random.random() < 0.6 else str(value)


def dmy():
    return random.randint(1, 28), random.randint(1, 12), random.randint(1950, 2060)


def harbour():
    rows = [rarely([["Datum"], ["Date", "Payee"]], ["Date", "Payee", "Details", "Paid out", "Paid in", "Currency"])]
    for _ in range(random.randint(0, 6)):
        d, m, y = dmy()
        date = random.choice([f"{y}-{m:02}-{d:02}", f"{d:02}/{m:02}/{y % 100:02}", f" {y}-{m:02}-{d:02} "])
        amount = f"{whole(',')}.{random.randrange(100):02}"
        amount = random.choice([amount, amount, f"({amount})", f" {amount}"])
        other = random.choice(["", "", "", "0.00", "3.10"])
        cells = [
            rarely(["", "2025-02-30", "31/04/25", "1/2/25", "2025/01/02", "٢٠٢٥-٠١-٠٢", "01/13/70"], date),
            f'"{words()}"' if random.random() < 0.3 else words(),
            words(),
            *random.choice([(amount, other), (other, amount)]),
            rarely(["€", "EU", "EURO", "É"], random.choice(["GBP", "gbp", "", " usd "])),
        ]
        cells[3] = rarely(["(1.00", "1.00)", "1,00", "-1.00", "1.0", "12,34.00", ".50", ""], cells[3])
        cells = [f'"{c}"' if "," in c and not c.startswith('"') else c for c in cells]
        rows.append(rarely([[], ["", ""], cells[:4], [*cells, "more"]], cells))
    text = "\r\n".join(",".join(row) for row in rows) + "\n"
    return rarely([b"\xff\xfe", b"", text.encode("latin-1", "replace")], random.choice([b"", b"\xef\xbb\xbf"]) + text.encode())


def nordbank():
    columns = ["Buchungstag", "Empfänger", "Verwendungszweck", "Betrag", "Währung"]
    rows = [["Konto", word()] for _ in range(random.randint(0, 2))] + [rarely([columns[:3]], random.choice([columns, [*columns, "Saldo"], [f" {c} " for c in columns]]))]
    for _ in range(random.randint(0, 6)):
        d, m, y = dmy()
        amount = f"{whole('.')},{random.randrange(100):02}"
        cells = [
            rarely(["", "30.02.2025", "1.3.25", "2025-03-01", "1.13.2025"], random.choice([f"{d:02}.{m:02}.{y}", f"{d}.{m}.{y} "])),
            words(),
            words(),
            rarely(["", "1,0", "1.00", "-1,00-", "+1,00-", "--1,00", "1.23,00", "- 1,00"], random.choice([amount, f"-{amount}", f"+{amount}", f"{amount}-"])),
            rarely(["", "E", "EU1"], random.choice(["EUR", "eur", " chf "])),
        ]
        rows.append(rarely([[], ["", "", ""], cells[:3], ["Kontostand", "", "", "1,00", "EUR"], ["Kontostand am 1.1."], [*cells, "x"]], cells))
    return "\n".join(";".join(row) for row in rows).encode("latin-1", "replace")


def volksfunk():
    rows = []
    for _ in range(random.randint(0, 6)):
        d, m, y = dmy()
        fraction = random.choice(["", f",{random.randrange(10)}", f",{random.randrange(100):02}"])
        amount = whole("'") + fraction + random.choice(["", " ", "  "]) + random.choice("SH")
        cells = [
            rarely(["", "310425", "10325", "2025-03-01", "٠١٠٣٢٥"], f"{d:02}{m:02}{y % 100:02}"),
            rarely(["", "1", "1,234S", "1.00S", "1s", "S", "12'34S", "-1S"], amount),
            words() + random.choice(["", "e\u0301", "u\u0308x"]),
            words(),
        ]
        cells += random.choice([[], [], ["eur"], ["CHF"], [rarely(["", "Fr."], "USD")]])
        rows.append(rarely([[], ["# " + word()], ["#"], cells[:2], ["", ""]], cells))
    return rarely([b"\xff", b""], random.choice([b"", b"\xef\xbb\xbf"]) + "\n".join("\t".join(row) for row in rows).encode())


sys.exit(main())
