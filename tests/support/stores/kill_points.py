"""Run an action again and again, each time in a process that is killed (-9) before another of its writes.

It forks, so it belongs into a script of its own, which has no threads.
"""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any


def kill_before_each_write(action: Callable[[], Any], every: int = 1) -> Iterator[tuple[int, bool]]:
    """Yield (n, whether it was killed) once the action's process has ended; the last one is not killed.

    With ``every``, only before each so-manieth write. Whoever iterates looks at what is left, and puts the disk back to
    where the action begins.
    """
    number, killed = 1 - every, True
    while killed:
        number += every
        child = os.fork()
        if child == 0:
            _die_before(number)
            action()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status)
        if not killed and os.waitstatus_to_exitcode(status):
            raise RuntimeError(f"the action failed in attempt {number}")
        yield number, killed


def _die_before(number: int) -> None:
    count = 0

    def counting(real: Callable[..., Any], is_write: Callable[..., bool] = lambda *_, **__: True) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal count
            if is_write(*arguments, **options):
                count += 1
                if count == number:
                    os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **options)

        return call

    def opens_to_write(path: Path, mode: str = "r", *_: Any, **__: Any) -> bool:
        return mode[0] in "wa+" or "+" in mode

    for name in ("fsync", "replace", "rename", "unlink", "rmdir"):
        setattr(os, name, counting(getattr(os, name)))
    Path.open = counting(Path.open, opens_to_write)  # type: ignore[method-assign]
    Path.write_bytes = counting(Path.write_bytes)  # type: ignore[method-assign]
