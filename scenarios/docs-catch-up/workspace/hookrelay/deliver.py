import json
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hookrelay.retry import delays

Post = Callable[[str, dict[str, str], bytes, float], int]


def post(url: str, headers: dict[str, str], body: bytes, timeout: float) -> int:
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    with urllib.request.urlopen(request, timeout=timeout) as response:
        return response.status


def deliver(path: Path, values: dict[str, Any], send: Post = post, sleep: Callable[[float], None] = time.sleep) -> bool:
    """Whether the target took the event."""
    event = json.loads(path.read_text())
    headers = {name: value for name, value in event["headers"].items() if name in values["headers.forward"]}
    waits = delays(values["retry.attempts"], values["retry.first_delay"], values["retry.max_delay"])
    while True:
        try:
            if 200 <= send(values["target"], headers, event["body"].encode("latin-1"), values["timeout"]) < 300:
                return True
        except OSError:
            pass
        if (wait := next(waits, None)) is None:
            return False
        sleep(wait)
