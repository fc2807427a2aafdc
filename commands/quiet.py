"""Keep the terminal for our own lines: everything that libraries print goes to a file instead."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from rich.console import Console


def log_of(root: Path, command: str) -> Path:
    """Return where libraries print to while a command works on a store; nowhere, if that may only be read."""
    return root / "logs" / f"{command}.txt" if os.access(root, os.W_OK) else Path(os.devnull)


@contextmanager
def only_ours(log: Path | None) -> Iterator[tuple[Console, Console]]:
    """Yield consoles for the true stdout and stderr while file descriptors 1 and 2 lead to ``log``.

    TensorFlow's C++ writes to the descriptors, past ``sys.stderr``; so the descriptors themselves are turned.

    Args:
        log: the file, made with its folder and appended to; None leaves everything as it is (``--verbose``).
    """
    sys.stdout.flush()
    sys.stderr.flush()
    saved = os.dup(1), os.dup(2)
    with _text_of(saved[0], sys.stdout) as out, _text_of(saved[1], sys.stderr) as err:
        consoles = Console(file=out), Console(file=err)
        if log is None:
            yield consoles
            return
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        try:
            yield consoles
        finally:
            with suppress(OSError):  # the log's disk is full, say: what is told is why the command failed
                sys.stdout.flush()
                sys.stderr.flush()
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)


def _text_of(descriptor: int, stream: TextIO) -> TextIO:
    """Open a descriptor for text, in the encoding of a stream."""
    return os.fdopen(descriptor, "w", encoding=stream.encoding, errors=stream.errors)
