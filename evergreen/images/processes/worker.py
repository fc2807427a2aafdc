"""One process that a crashing, hanging or greedy decoder may take down, and nothing else."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

from evergreen.errors import DecodersUnavailable
from evergreen.images.processes.budget import OUT_OF_MEMORY, Budget

_START_SECONDS = 60.0
# A process that waits for its turn on a busy machine may take so many times its time.
_PATIENCE = 10
_LOOKS, _BETWEEN_LOOKS = 10, 0.05
_WAITING = (psutil.STATUS_RUNNING, psutil.STATUS_DISK_SLEEP, psutil.STATUS_STOPPED)
# What a decoder's own fault sends to its process; any other signal comes from outside.
OWN_FAULT = {
    signal.SIGSEGV,
    signal.SIGABRT,
    signal.SIGBUS,
    signal.SIGFPE,
    signal.SIGILL,
    signal.SIGTRAP,
    signal.SIGSYS,
}
_PROJECT = Path(__file__).resolve().parents[2]

Request = dict[str, Any]
Answer = dict[str, Any]


class Worker:
    """One process at a time, started when it is needed, replaced when it is lost."""

    def __init__(self, module: str, seconds_each: float, budget: Budget) -> None:
        """Take what runs in the process.

        Args:
            module: with a ``main`` that calls ``serving.serve``.
            seconds_each: longest time for one request.
            budget: how much memory it may take.
        """
        self._command = [sys.executable, "-m", module, str(budget.each)]
        self._seconds, self._budget = seconds_each, budget
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = b""

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process, if there is one."""
        self._end(kill=True)

    def ask(self, request: Request) -> Answer:
        """Return the answer to one request, as ``answers`` gives it."""
        batches = iter([[request]])
        ((_, answer),) = self.answers(lambda: next(batches, []))
        return answer

    def answers(self, next_batch: Callable[[], list[Request]]) -> Iterator[tuple[Request, Answer]]:
        """Yield every request with its answer, keeping one batch ahead of the process.

        A request that ends the process, or takes too long, is answered ``{"lost": reason, "machine": whether that may
        be the machine's fault and not the picture's}``: it was killed from outside, waited for its turn, or wanted
        more memory than there is here, where that is less than the largest picture may need. So is one that was
        refused when it may have wanted more.

        Args:
            next_batch: returns some requests, none at the end.

        Raises:
            DecodersUnavailable: the process does not start.
        """
        sent: deque[list[Request]] = deque()
        again: deque[list[Request]] = deque()
        while True:
            while len(sent) < 2 and (batch := again.popleft() if again else next_batch()):
                sent.append(batch)
                self._send(batch)
            if not sent:
                return
            line, lost = self._line(self._seconds)
            batch = sent.popleft()
            if line is not None:
                yield from zip(batch, map(self._fair, json.loads(line)), strict=True)
            elif len(batch) == 1:
                yield batch[0], lost
            else:  # one of them did it; which one, shows when each is alone
                again.extend([request] for request in batch)
            if line is None:
                again.extend(sent)
                sent.clear()

    def _fair(self, answer: Answer) -> Answer:
        """Return an answer; a refusal for which want of memory may be to blame is none of the picture's."""
        wanted = answer.pop("megapixels", 0.0)
        if self._budget.short and wanted and not self._budget.carries(wanted):
            return {"lost": answer["refused"], "machine": True}
        return answer

    def _send(self, batch: list[Request]) -> None:
        process = self._process or self._start()
        try:
            if process.stdin:
                process.stdin.write(json.dumps(batch).encode() + b"\n")
                process.stdin.flush()
        except BrokenPipeError:
            return  # it is lost; reading its answer says so

    def _start(self) -> subprocess.Popen[bytes]:
        # One arena and one thread: more of them reserve address space, and the more the more cores there are.
        environment = os.environ | {"MALLOC_ARENA_MAX": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_PROJECT,
            env=environment,
        )
        self._process, self._buffer = process, b""
        line, _ = self._line(_START_SECONDS)
        if line != b"":  # else every image would be blamed for it
            self.close()
            why = line.decode() if line else f"try {' '.join(self._command)} in {_PROJECT}"
            raise DecodersUnavailable(f"a worker that opens images does not start: {why}")
        return process

    def _line(self, seconds: float) -> tuple[bytes | None, Answer]:
        """Return the next answer, or None and what became of the process, as an answer."""
        process = self._process
        if process is None or process.stdout is None:
            return None, {"lost": "the decoder crashed", "machine": False}
        began, used = time.monotonic(), _processor_seconds(process.pid)
        while b"\n" not in self._buffer:
            ready, _, _ = select.select([process.stdout], [], [], seconds)
            if not ready and _waits(process.pid, used + seconds / 2):
                if time.monotonic() - began < _PATIENCE * seconds:
                    continue
                self._end(kill=True)
                words = f"the decoder took over {_PATIENCE * seconds:g} s, most of which it waited for its turn"
                return None, {"lost": words, "machine": True}
            data = os.read(process.stdout.fileno(), 1 << 16) if ready else b""
            if not data:
                code = self._end(kill=not ready)
                over = {"lost": f"the decoder took over {seconds:g} s", "machine": False}
                return None, self._ended(code) if ready else over
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line, {}

    def _ended(self, code: int) -> Answer:
        if code == OUT_OF_MEMORY:
            short = ", all that this machine has free" if self._budget.short else ""
            words = f"the decoder wanted more than {self._budget.each / 2**20:,.0f} MiB of memory{short}"
            return {"lost": words, "machine": self._budget.short}
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return {"lost": f"the decoder crashed ({how})", "machine": code < 0 and -code not in OWN_FAULT}

    def _end(self, *, kill: bool) -> int:
        """End the process and return its exit code, negative for a signal."""
        process, self._process = self._process, None
        if process is None:
            return 0
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
        return code


def _processor_seconds(pid: int) -> float:
    """Return how long a process of ours has computed, in seconds; 0 if it has ended."""
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def _waits(pid: int, until: float) -> bool:
    """Return whether a process that has computed for fewer seconds would go on, if the machine let it.

    One that sleeps whenever it is looked at is waiting for what never comes.
    """
    for _ in range(_LOOKS):
        try:
            waiting = psutil.Process(pid).status() in _WAITING
        except psutil.NoSuchProcess:  # it has ended, as whoever reads its output finds
            return False
        if waiting:
            return _processor_seconds(pid) < until
        time.sleep(_BETWEEN_LOOKS)
    return False
