"""Events on disk: one JSON file each, `failed-` in front of those that were given up."""

import json
import time
import uuid
from pathlib import Path


class Full(Exception):
    pass


class Spool:
    def __init__(self, folder: str | Path, limit: int):
        self.folder, self.limit = Path(folder), limit

    def add(self, headers: dict[str, str], body: bytes) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        if sum(1 for _ in self.folder.glob("*.json")) >= self.limit:
            raise Full(f"{self.limit} events are waiting already")
        path = self.folder / f"{time.time_ns():020}-{uuid.uuid4().hex[:8]}.json"
        path.write_text(json.dumps({"headers": headers, "body": body.decode("latin-1")}))
        return path

    def waiting(self) -> list[Path]:
        return sorted(path for path in self.folder.glob("*.json") if not path.name.startswith("failed-"))

    def failed(self) -> list[Path]:
        return sorted(self.folder.glob("failed-*.json"))

    def fail(self, path: Path) -> Path:
        return path.rename(path.with_name(f"failed-{path.name}"))

    def retry(self, path: Path) -> Path:
        return path.rename(path.with_name(path.name.removeprefix("failed-")))
