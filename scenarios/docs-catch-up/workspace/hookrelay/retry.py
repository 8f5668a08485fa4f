from collections.abc import Iterator


def delays(attempts: int, first: float, longest: float) -> Iterator[float]:
    """Seconds to wait before each further attempt; they double."""
    delay = first
    for _ in range(max(0, attempts - 1)):
        yield min(delay, longest)
        delay *= 2
