"""What a service is told when it starts."""

import signal
from dataclasses import dataclass
from pathlib import Path

from evergreen.images.processors import image_threads

LOOPBACK = "127.0.0.1"
BACKLOG = 2048  # connections that wait to be taken
ENDS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True)
class Settings:
    """The limits of a service, and what it serves.

    Attributes:
        store: the store's root.
        recipes: names; none serves every recipe that has a champion, those that get one later, too.
        format: the export format that answers; None: what each release says.
        workers: how many processes answer.
        most_waiting: how many images may wait for them; beyond that requests are refused.
        most_bytes: of a request.
        most_images: of a request.
        most_megapixels: of an image, where a recipe allows more; None leaves it to the recipes.
        seconds: the longest time of a request, from its first byte to its answer.
    """

    store: Path
    recipes: tuple[str, ...] = ()
    format: str | None = None
    workers: int = 0
    most_waiting: int = 64
    most_bytes: int = 20 * 2**20
    most_images: int = 64
    most_megapixels: float | None = None
    seconds: float = 30.0

    @property
    def processes(self) -> int:
        """How many processes answer: ``workers``, or one a processor that this one may use."""
        return self.workers or image_threads()
