"""Sends random chunked messages, sound and damaged, through h11 in a child and compares what comes out with what went in."""
import json
import random
import subprocess
import sys
import threading

# Runs as the unprivileged child, beside the agent's code: it knows no expected value.
CHILD = """
import json, sys
sys.path.insert(0, "/home/user/workspace")
import h11

for line in sys.stdin:
    question = json.loads(line)
    connection = h11.Connection(h11.SERVER if question["role"] == "server" else h11.CLIENT)
    if question["role"] == "client":
        connection.send(h11.Request(method="GET", target="/", headers=[("Host", "example.com")]))
        connection.send(h11.EndOfMessage())
    answer = {"id": question["id"], "bodies": [""], "trailers": [], "error": None}
    try:
        for piece in question["pieces"]:
            connection.receive_data(bytes.fromhex(piece))
            while True:
                event = connection.next_event()
                if event is h11.NEED_DATA:
                    break
                if event is h11.PAUSED:
                    connection.send(h11.Response(status_code=204, headers=[]))
                    connection.send(h11.EndOfMessage())
                    connection.start_next_cycle()
                elif type(event) is h11.Data:
                    answer["bodies"][-1] += bytes(event.data).hex()
                elif type(event) is h11.EndOfMessage:
                    answer["bodies"].append("")
                    answer["trailers"].append([[bytes(n).hex(), bytes(v).hex()] for n, v in event.headers])
    except Exception as error:
        answer["error"] = type(error).__name__
    print(json.dumps(answer))
"""
LIMIT = 32 * 1024 * 1024
random = random.SystemRandom()


def main():
    cases = [case(number) for number in range(300)]
    said = answers("".join(json.dumps(c["question"]) + "\n" for c in cases))
    wrong = [f"{c['title']}: {why}" for c in cases if (why := complaint(c, said.get(c["question"]["id"])))]
    for line in wrong[:10]:
        print(line)
    print(f"{len(cases) - len(wrong)} of {len(cases)} messages were read as they should be")
    with open("/proctor/result/result.json", "w") as file:
        json.dump({"score": 1 - len(wrong) / len(cases), "evidence": "; ".join(wrong[:3]) or f"{len(cases)} messages"}, file)
    return 1 if wrong else 0


def case(number):
    """A third is sound. `bodies` = what the parser may deliver, message by message."""
    role = random.choice(["server", "client"])
    damaged = number % 3 != 0
    messages = random.randint(1, 3) if role == "server" else 1
    broken_message = messages - 1
    stream, bodies, trailers, footer = b"", [], [], b"\r\n"
    for index in range(messages):
        stream += head(role)
        chunks = [data() for _ in range(random.randint(1, 4))]
        broken_chunk = random.randrange(len(chunks)) if damaged and index == broken_message else None
        for position, chunk in enumerate(chunks):
            stream += f"{len(chunk):{random.choice(['x', 'X', '05x'])}}".encode() + random.choice([b"", b"", b";ext=1"]) + b"\r\n" + chunk
            if position == broken_chunk:
                footer = bad_footer()
                stream += footer
            else:
                stream += b"\r\n"
        bodies.append(b"".join(chunks if broken_chunk is None else chunks[: broken_chunk + 1]))
        trailer = [(b"x-sum", str(random.randrange(10**6)).encode())] if random.random() < 0.3 else []
        stream += b"0\r\n" + b"".join(n + b": " + v + b"\r\n" for n, v in trailer) + b"\r\n"
        if not (damaged and index == broken_message):
            trailers.append([[n.hex(), v.hex()] for n, v in trailer])
    pieces = cut(stream)
    return {
        "title": f"{role}, chunk followed by {footer!r}, {len(pieces)} pieces",
        "damaged": damaged,
        "bodies": [body.hex() for body in bodies],
        "trailers": trailers,
        "question": {"id": f"{random.getrandbits(64):x}", "role": role, "pieces": [p.hex() for p in pieces]},
    }


def head(role):
    line = b"POST /in HTTP/1.1\r\nHost: example.com\r\n" if role == "server" else b"HTTP/1.1 200 OK\r\n"
    return line + b"Transfer-Encoding: chunked\r\n\r\n"


def data():
    kind = random.random()
    if kind < 0.3:
        return random.choice([b"\r\n", b"0\r\n\r\n", b"a\r\n\r\nb", b"\r", b"\n\r\n"]) * random.randint(1, 3)
    return random.randbytes(random.randint(1, 200))


def bad_footer():
    fixed = [b"XX", b"\n\n", b"\n\r", b"\r\r", b"\rX", b"X\n", b"\n0", b"\r0", b"0\r", b"\x00\x00", b"  "]
    if random.random() < 0.7:
        return random.choice(fixed)
    while (footer := random.randbytes(2)) == b"\r\n":
        pass
    return footer


def cut(stream):
    how = random.random()
    if how < 0.2:
        return [stream]
    if how < 0.5:
        return [stream[i : i + 1] for i in range(len(stream))]
    pieces, start = [], 0
    while start < len(stream):
        end = start + random.randint(1, 40)
        pieces.append(stream[start:end])
        start = end
    return pieces


def answers(questions):
    """Whatever the child says is only data: bounded, and read line by line."""
    child = subprocess.Popen(
        ["as-agent", "--timeout", "90", "python3", "-I", "-c", CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    threading.Thread(target=feed, args=(child.stdin, questions.encode()), daemon=True).start()
    output = child.stdout.read(LIMIT)
    child.kill()
    said = {}
    for line in output.splitlines():
        try:
            answer = json.loads(line)
            said.setdefault(answer["id"], answer)
        except (ValueError, TypeError, KeyError):
            continue
    return said


def feed(pipe, content):
    try:
        pipe.write(content)
        pipe.close()
    except OSError:
        pass


def complaint(case, answer):
    if answer is None:
        return "no answer"
    *whole, rest = case["bodies"] if case["damaged"] else [*case["bodies"], ""]
    if case["damaged"]:
        if answer.get("error") != "RemoteProtocolError":
            return f"expected RemoteProtocolError, got {answer.get('error')!r}"
    elif answer.get("error"):
        return f"a sound message raised {answer['error']}"
    bodies = answer.get("bodies")
    if not isinstance(bodies, list) or not bodies or bodies[:-1] != whole or not rest.startswith(str(bodies[-1])):
        return "delivered other data than was sent before the fault" if case["damaged"] else "delivered other data than was sent"
    if answer.get("trailers") != case["trailers"]:
        return "trailers differ"
    return None


sys.exit(main())
