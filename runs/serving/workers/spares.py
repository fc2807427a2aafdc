"""Processes beside the usual ones while images hold those for long: what a hostile picture costs is its own request."""

import asyncio
import time
from collections.abc import Callable, Sequence

from runs.serving.workers.place import Place

# An image that takes longer is slow: a large photo takes a tenth of that.
SLOW_SECONDS = 1.0
# So long after the last slow one the processes beside are ended.
QUIET_SECONDS = 10.0
_LOOK_SECONDS = 0.2


class Spares:
    """Adds a process for each slow image, as many as there are usual ones at most, and lets them go again."""

    def __init__(
        self,
        places: Sequence[Place],
        usual: int,
        waiting: Callable[[], int],
        add: Callable[[], None],
        retire: Callable[[Place], None],
    ) -> None:
        """Take what is looked at, and what is done about it.

        Args:
            places: all of them; those behind the usual ones are spare.
            usual: how many there are always.
            waiting: how many images wait.
            add: adds a place.
            retire: has a place end once it has answered what it has.
        """
        self._places, self._usual, self._waiting = places, usual, waiting
        self._add, self._retire = add, retire

    async def watch(self) -> None:
        """Look, for as long as the service lasts."""
        last_slow = 0.0
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            now = time.monotonic()
            slow = sum(place.since is not None and now - place.since > SLOW_SECONDS for place in self._places)
            spare = self._places[self._usual :]
            if slow:
                last_slow = now
                if self._waiting() and len(spare) < min(slow, self._usual):
                    self._add()
            elif spare and now - last_slow > QUIET_SECONDS:
                self._retire(spare[-1])
