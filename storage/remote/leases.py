"""Leases of work that takes long, among all machines of a remote: one object a key, changed by compare-and-swap alone.

    leases/<key>     whose the work is; its holder writes it anew while it works, and once more when it ends

No machine's clock is compared with another's. Whoever waits takes a lease over once its object has stayed as it was for
the whole term that it names, by the waiting process's own monotonic clock; the times in it are for people. So does
Amazon's lock client (A. Patrikalakis, S. Slutsker: Building Distributed Locks with the DynamoDB Lock Client, AWS
Database Blog, 2017). A lease guards no result: what machines made for one key is put once (``storage.remote.push``), so
a holder that slept, and lost it, did work twice and no harm.
"""

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from secrets import token_hex

from storage.digests import canonical_json
from storage.remote.objects import Objects

LEASES = "leases"
# A term is renewed so often that several renewals may fail before it is over.
RENEWALS_A_TERM = 4
# What a term of another machine may be, whatever it says of itself.
LEAST_SECONDS, MOST_SECONDS = 1.0, 86_400.0
_AGAIN = 5


@dataclass(frozen=True)
class Holder:
    """Who works.

    Attributes:
        store: identity of its store.
        host: its machine's name.
        pid: its process.
        run: id of its run.
        place: stands for this very folder on this very host: of one place one process works on a key, for it has the
            store's own lock of it.
    """

    store: str = ""
    host: str = "somebody"
    pid: int = 0
    run: str = ""
    place: str = ""


@dataclass(frozen=True)
class Lease:
    """One version of a lease.

    Attributes:
        holder: whose it is.
        taken: when it was taken, by its holder's clock, UTC in ISO 8601.
        until: when it ends unless it is renewed, by its holder's clock.
        seconds: its term.
        number: rises with each renewal.
        token: of this taking; 32 hex digits.
        ended: whether its holder works no more.
        made: of one that ended, whether the result is in the remote.
    """

    holder: Holder
    taken: str
    until: str
    seconds: float
    number: int
    token: str
    ended: bool = False
    made: bool = False


class Claim:
    """What one process asks of the lease of one key; not for several threads at once.

    Attributes:
        over: whose lease it took over, which had not ended: None, unless it did.
        lost_to: who took it over from this process; None, unless somebody did.
    """

    def __init__(
        self,
        objects: Objects,
        key: str,
        holder: Holder,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Ask nobody yet.

        Args:
            objects: of the remote.
            key: what the work is for: 64 hex digits.
            holder: who asks; has its store's own lock of the key.
            seconds: the term of the lease, once it is this process's.
            clock: gives seconds that never run back.
        """
        self.over: Lease | None = None
        self.lost_to: Lease | None = None
        self._objects, self._name, self._holder, self._seconds = objects, f"{LEASES}/{key}", holder, seconds
        self._clock, self._token = clock, token_hex(16)
        self._taken, self._number = "", 0
        self._seen, self._since = "", 0.0

    def take(self, *, even_if_made: bool = True) -> Lease | None:
        """Take the lease if it is free, and return whose it is if it is not; None: it is this process's.

        Free is what nobody has, what has ended, what a process of this place left that was killed, and what has not
        changed for its whole term.

        Args:
            even_if_made: also one that ended with a result, which may have been damaged or deleted since.

        Raises:
            RemoteError: the remote does not answer, or refuses.
        """
        for _ in range(_AGAIN):
            asked = self._clock()
            known = self._objects.get_tagged(self._name)
            if known is None:
                lease, tag = None, None
            else:
                lease, tag = self._read(known[0]), known[1]
                if lease.token == self._token and not lease.ended:  # the answer to the last try got lost
                    return None
                if not self._is_free(lease, tag, asked) or (lease.made and not even_if_made):
                    return lease
            self._taken, self._number = _now(), 0 if lease is None else lease.number
            if self._put(tag):
                self.over = lease if lease and not lease.ended else None
                return None
        return lease

    def renew(self) -> bool:
        """Say that the work goes on, and return whether the lease is this process's still.

        Raises:
            RemoteError: the remote does not answer, or refuses; nothing is known.
        """
        return self._go_on()

    def end(self, *, made: bool) -> bool:
        """Say that the work goes on no more, and return whether the lease was this process's still.

        Args:
            made: whether the result is in the remote.

        Raises:
            RemoteError: the remote does not answer, or refuses; who waits takes the lease over when its term is over.
        """
        return self._go_on(ended=True, made=made)

    def _go_on(self, *, ended: bool = False, made: bool = False) -> bool:
        known = self._objects.get_tagged(self._name)
        if known is not None and (lease := self._read(known[0])).token != self._token:
            self.lost_to = lease
            return False
        if self._put(known[1] if known else None, ended=ended, made=made):
            return True
        again = self._objects.get_tagged(self._name)
        now = self._read(again[0]) if again else None
        if now and now.token == self._token and now.number == self._number:  # it was put, and the answer got lost
            return True
        self.lost_to = now
        return False

    def _put(self, tag: str | None, *, ended: bool = False, made: bool = False) -> bool:
        self._number += 1
        until = _now(0.0 if ended else self._seconds)
        lease = Lease(self._holder, self._taken, until, self._seconds, self._number, self._token, ended, made)
        return self._objects.put_if(self._name, canonical_json(asdict(lease)), tag)

    def _is_free(self, lease: Lease, tag: str, asked: float) -> bool:
        """Whether a version may be replaced; the first look at it begins its term here."""
        if lease.ended or (lease.holder.place and lease.holder.place == self._holder.place):
            return True
        if tag != self._seen:
            self._seen, self._since = tag, self._clock()
        return asked - self._since >= lease.seconds

    def _read(self, data: bytes) -> Lease:
        """Return what an object says; one that says nothing is somebody's, for a term of ours."""
        try:
            told = json.loads(data)
            lease = Lease(**{**told, "holder": Holder(**told["holder"])})
            if math.isnan(seconds := float(lease.seconds)):
                raise ValueError
            return replace(lease, seconds=min(max(seconds, LEAST_SECONDS), MOST_SECONDS), number=int(lease.number))
        except (ValueError, KeyError, TypeError, OverflowError):
            return Lease(Holder(), "an unknown time", "an unknown time", self._seconds, 0, "")


def _now(seconds: float = 0.0) -> str:
    """Return the time so many seconds from now, as this machine's clock has it."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="seconds")
