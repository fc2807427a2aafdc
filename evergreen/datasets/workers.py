"""Measuring many images in processes that a crashing or hanging decoder may take down, and nothing else."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import select
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

_BATCH = 16  # images in one request, so that messages cost little
_START_SECONDS = 60.0
_FEW = 200  # images for which one worker is enough


@dataclass(frozen=True)
class Request:
    """One file to measure: its SHA-256, where it lies, and the limit in megapixels."""

    sha256: str
    path: Path
    max_megapixels: float

    def as_json(self) -> dict[str, Any]:
        """Return the request as a worker reads it."""
        return {"sha256": self.sha256, "path": str(self.path), "max_megapixels": self.max_megapixels}


def measure_all(requests: Iterable[Request], count: int, seconds_each: float) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (SHA-256, answer) for every request, as ``measure_worker`` answers, in no order.

    A file whose decoder ends the process, or takes over ``seconds_each``, is answered ``{"lost": reason}``; its worker
    is replaced and goes on with the next.

    Args:
        requests: what to measure; taken as it is needed.
        count: how many they are.
        seconds_each: longest time for one image.
    """
    waiting = _Waiting(requests)
    answers: queue.Queue[tuple[str, dict[str, Any]] | BaseException | None] = queue.Queue(maxsize=256)
    stop = threading.Event()
    workers = min(len(os.sched_getaffinity(0)), max(1, -(-count // _FEW)))

    def work() -> None:
        try:
            with _Worker(seconds_each) as worker:
                for answer in worker.answers(waiting):
                    answers.put(answer)
                    if stop.is_set():
                        return
        except BaseException as error:  # noqa: BLE001 - raised again where the answers are read
            answers.put(error)
        finally:
            answers.put(None)

    threads = [threading.Thread(target=work, name="measure", daemon=True) for _ in range(workers)]
    for thread in threads:
        thread.start()
    try:
        yield from _gathered(answers, workers)
    finally:
        stop.set()
        while any(thread.is_alive() for thread in threads):  # they may wait for room
            try:
                answers.get(timeout=0.05)
            except queue.Empty:
                continue


def _gathered(answers: queue.Queue[Any], workers: int) -> Iterator[tuple[str, dict[str, Any]]]:
    ended = 0
    while ended < workers:
        answer = answers.get()
        if answer is None:
            ended += 1
        elif isinstance(answer, BaseException):
            raise answer
        else:
            yield answer


class _Waiting:
    """Requests in batches, for several threads."""

    def __init__(self, requests: Iterable[Request]) -> None:
        self._requests = iter(requests)
        self._lock = threading.Lock()

    def batch(self) -> list[Request]:
        """Return the next requests; an empty list at the end."""
        with self._lock:
            return list(islice(self._requests, _BATCH))


class _Worker:
    """One process at a time, replaced when it is lost."""

    def __init__(self, seconds_each: float) -> None:
        self._seconds = seconds_each
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = b""

    def __enter__(self) -> _Worker:
        return self

    def __exit__(self, *error: object) -> None:
        self._end(kill=True)

    def answers(self, waiting: _Waiting) -> Iterator[tuple[str, dict[str, Any]]]:
        """Work the queue off, keeping one batch ahead of the process."""
        sent: deque[list[Request]] = deque()
        again: deque[list[Request]] = deque()
        while True:
            while len(sent) < 2 and (batch := again.popleft() if again else waiting.batch()):
                sent.append(batch)
                self._send(batch)
            if not sent:
                return
            line, reason = self._line(self._seconds)
            batch = sent.popleft()
            if line is not None:
                yield from zip((request.sha256 for request in batch), json.loads(line), strict=True)
            elif len(batch) == 1:
                yield batch[0].sha256, {"lost": reason}
            else:  # one of them did it; which one, shows when each is alone
                again.extend([request] for request in batch)
            if line is None:
                again.extend(sent)
                sent.clear()

    def _send(self, batch: list[Request]) -> None:
        process = self._process or self._start()
        try:
            if process.stdin:
                process.stdin.write(json.dumps([request.as_json() for request in batch]).encode() + b"\n")
                process.stdin.flush()
        except BrokenPipeError:
            return  # it is lost; reading its answer says so

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "evergreen.datasets.measure_worker"]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=_PROJECT
        )
        self._process, self._buffer = process, b""
        if self._line(_START_SECONDS)[0] is None:  # else every image would be blamed for it
            raise RuntimeError(f"a worker that measures images does not start: try {' '.join(command)}")
        return process

    def _line(self, seconds: float) -> tuple[bytes | None, str]:
        """Return the next answer, or None and what became of the process."""
        process = self._process
        if process is None or process.stdout is None:
            return None, "the decoder crashed"
        while b"\n" not in self._buffer:
            ready, _, _ = select.select([process.stdout], [], [], seconds)
            data = os.read(process.stdout.fileno(), 1 << 16) if ready else b""
            if not data:
                code = self._end(kill=not ready)
                return None, f"the decoder crashed ({code})" if ready else f"the decoder took over {seconds:g} s"
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line, ""

    def _end(self, *, kill: bool) -> str:
        """End the process and say how it ended."""
        process, self._process = self._process, None
        if process is None:
            return ""
        if kill:
            process.kill()
        try:
            code = process.wait(timeout=10)  # its output is closed, so it is ending
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(BrokenPipeError):
                if pipe:
                    pipe.close()
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"


_PROJECT = Path(__file__).resolve().parents[2]
