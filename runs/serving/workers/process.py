"""One worker process, as the service's event loop sees it."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

from evergreen.errors import EvergreenError
from evergreen.images.processes.worker import OWN_FAULT
from evergreen.serving import wire

_PROJECT = Path(__file__).resolve().parents[3]
_START_SECONDS = 60.0
_END_SECONDS = 5.0
# One thread each: the processes are the threads.
_ALONE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}


class Lost(EvergreenError):
    """The process ended, or was ended for want of an answer.

    Attributes:
        own_fault: whether what it was asked may have done that, and not somebody outside.
        slow: whether it took longer than it may.
    """

    def __init__(self, message: str, *, own_fault: bool = False, slow: bool = False) -> None:
        super().__init__(message)
        self.own_fault, self.slow = own_fault, slow


class WorkerProcess:
    """A process of ``evergreen.serving.worker``; one exchange at a time."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @classmethod
    async def started(cls) -> "WorkerProcess":
        """Start one, and wait until it can be asked.

        Raises:
            Lost: it does not start.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "evergreen.serving.worker",
            stdin=PIPE,
            stdout=PIPE,
            cwd=_PROJECT,
            env=os.environ | _ALONE,
            start_new_session=True,  # Ctrl-C is for the service, which ends its workers when they have answered
        )
        worker = cls(process)
        await worker._answer(_START_SECONDS)
        return worker

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self._process.returncode is not None

    async def wait(self) -> None:
        """Wait until it has ended."""
        await self._process.wait()

    async def ask(self, head: wire.Head, body: bytes, seconds: float) -> tuple[wire.Head, bytes]:
        """Return the answer to one request.

        Args:
            head: as ``evergreen.serving.worker`` takes it.
            body: the image's bytes, or nothing.
            seconds: after which the process is ended.

        Raises:
            Lost: it ended before it answered, or was ended.
        """
        writer = self._process.stdin
        if writer is None:
            raise Lost("the worker has no input")
        # Writing and reading go on together: a process that died reads nothing more.
        try:
            writer.writelines(wire.packed(head, body))
        except (ConnectionError, RuntimeError) as error:
            raise await self._lost(str(error)) from error
        return await self._answer(seconds)

    async def _answer(self, seconds: float) -> tuple[wire.Head, bytes]:
        reader = self._process.stdout
        if reader is None:
            raise Lost("the worker has no output")
        try:
            async with asyncio.timeout(seconds):
                return await wire.receive(reader)
        except TimeoutError:
            await self.end(0)
            raise Lost(f"it took over {seconds:g} s", slow=True) from None
        except wire.Closed as error:
            raise await self._lost(str(error)) from error

    async def _lost(self, why: str) -> Lost:
        code = await self.end(_END_SECONDS)
        name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return Lost(f"the process that answered ended ({name}; {why})", own_fault=-code in OWN_FAULT)

    async def end(self, seconds: float = _END_SECONDS) -> int:
        """End the process, by closing its input and, after some seconds, by killing it; return its exit code."""
        process = self._process
        if process.stdin:
            process.stdin.close()
        try:
            async with asyncio.timeout(seconds):
                return await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            return await process.wait()
