"""What a task that is done elsewhere tells whoever sent it while it goes on: a line, if it has one."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from evergreen.errors import EvergreenError

# Text, numbers, and lists and mappings of these.
Message = Mapping[str, Any]
Tell = Callable[[Message], object]

_line: ContextVar[Tell | None] = ContextVar("line", default=None)


class NoLongerWanted(EvergreenError):
    """Whoever sent a task has left, or was killed: it ends; what it learned is kept where it was learned."""


@contextmanager
def on_the_line(tell: Tell) -> Iterator[None]:
    """Let what is told meanwhile go this way."""
    token = _line.set(tell)
    try:
        yield
    finally:
        _line.reset(token)


def tell(message: Message, otherwise: Tell) -> None:
    """Tell whoever sent this task; without a line, ``otherwise`` hears it here.

    Raises:
        Exception: what hearing it raised.
    """
    (_line.get() or otherwise)(message)
