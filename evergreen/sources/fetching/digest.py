"""SHA-256 beside a download."""

import hashlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

_CHUNKS_AHEAD = 16


class Digest:
    """SHA-256 in a thread of its own: beside a fast network it would double the time."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "sha256")
        self._pending: deque[Future[None]] = deque()
        self._sha256 = hashlib.sha256()

    def update(self, data: bytes) -> None:
        """Add bytes; they are taken up in their order."""
        self._pending.append(self._pool.submit(self._sha256.update, data))
        if len(self._pending) > _CHUNKS_AHEAD:
            self._pending.popleft().result()

    def restart(self, path: Path | None = None) -> None:
        """Forget everything, or everything but the bytes of a file."""
        self._settle()
        self._sha256 = hashlib.sha256()
        if path:
            with path.open("rb") as file:
                self._sha256 = hashlib.file_digest(file, "sha256")

    def hexdigest(self) -> str:
        """Return the digest of all bytes so far, 64 hex digits."""
        self._settle()
        return self._sha256.hexdigest()

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown()

    def _settle(self) -> None:
        while self._pending:
            self._pending.popleft().result()
