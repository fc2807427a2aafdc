"""An image that waits, or is with a worker, and whoever waits for what is said of it."""

import asyncio
from dataclasses import dataclass

from runs.serving.answers import Answered, NotAnswered


@dataclass
class Job:
    """An image.

    Attributes:
        model: under which the model was opened that is asked.
        data: the file's bytes.
        sha256: of those.
        answered: has the answer; cancelled where nobody waits for it any more.
    """

    model: str
    data: bytes
    sha256: str
    answered: "asyncio.Future[Answered]"

    def answer(self, found: Answered) -> None:
        """Tell the answer, if somebody waits for it."""
        if not self.answered.done():
            self.answered.set_result(found)

    def refuse(self, error: NotAnswered) -> None:
        """Tell that there is none, if somebody waits for it."""
        if not self.answered.done():
            self.answered.set_exception(error)
