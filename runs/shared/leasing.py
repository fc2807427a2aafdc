"""One machine at a time at a step that trains, among all machines of a remote: waits, works, says so. Knows no Prefect.

Whoever begins such a step takes a lease of its key (``storage.remote.leases``), renews it in a thread, and puts the
result into the remote before it ends the lease; whoever finds it taken waits, and uses that result. A machine that died
is taken over from once its term is over, and its training goes on from its last checkpoint, if one had come to the
remote. Where the remote does not answer nobody waits: the work is done here, and it is said.
"""

import contextvars
import os
import socket
import threading
import time
from collections.abc import Callable
from functools import partial

from evergreen.fold_steps import trains
from evergreen.judging.ended import is_cut
from evergreen.variables import CHECKPOINT_MINUTES, LEASE_SECONDS, value_of
from runs.kept.checkpoints import folder_of, held, is_further, newest_files, take_up, why_ended
from runs.run import Run
from runs.shared.cargo import cargo_of_steps
from runs.shared.opening import behind_of
from runs.shared.sharing import push_cargo
from runs.stopped import go_on_unless_told
from storage.digests import sha256_bytes
from storage.errors import RemoteAbsent, RemoteError, RemoteUnreachable, StoreError
from storage.identity import identity_of, in_short
from storage.remote import checkpoints
from storage.remote.behind import RemoteBehind
from storage.remote.leases import RENEWALS_A_TERM, Claim, Holder, Lease
from storage.sizes import in_words
from storage.steps.keys import KeyParts
from storage.steps.records import Record

Say = Callable[[str], object]
TERM_SECONDS, CHECKPOINT_EVERY_MINUTES = 120.0, 5.0
_LOOKS_EVERY_SECONDS, _SAYS_EVERY_SECONDS, _HEEDS_EVERY_SECONDS = 2.0, 600.0, 0.2
_ENDS_WITHIN_SECONDS = 10.0


def turn_at(run: Run, step: str, parts: KeyParts, say: Say) -> "Turn | None":
    """Return what takes turns with other machines at a step; None without a remote, and of steps that do not train.

    Args:
        run: whose step is about to begin; has the store's own lock of its key.
        step: its name.
        parts: of its key.
        say: is told what a person should know, also by other threads.
    """
    behind = behind_of(run.store)
    return Turn(run, step, parts, say, behind) if behind and trains(step) else None


class Turn:
    """A step of one run, and the lease of its key."""

    def __init__(self, run: Run, step: str, parts: KeyParts, say: Say, behind: RemoteBehind) -> None:
        """Ask nobody yet; for the arguments see ``turn_at``."""
        self._run, self._step, self._parts, self._behind = run, step, parts, behind
        self._say: Say = lambda text: say(f"{step}: {text}")
        self._seconds: float = value_of(LEASE_SECONDS) or TERM_SECONDS
        self._claim = Claim(behind.remote.objects, parts.key, _holder(run), self._seconds)
        self._ended = threading.Event()
        self._renews: threading.Thread | None = None
        self._sends: threading.Thread | None = None
        self._told: tuple[str, float] = "", 0.0
        self._failing = False

    def wait(self) -> Record | None:
        """Wait until no other machine is at the step; return the record of what one made, or None: it is our turn.

        Raises:
            Stopped: a signal came meanwhile.
        """
        if self._behind.lost:
            return None
        try:
            if record := self._waited():
                return record
        except RemoteError as error:
            if isinstance(error, RemoteUnreachable | RemoteAbsent):
                self._behind.lost = error
            self._say(f"goes on without a lease, so another machine may do the same work: {error}")
            return None
        self._renews = self._in_background(self._renew)
        self._take_up()
        there = newest_files(folder_of(self._run.store, self._parts))  # before the training adds any
        self._sends = self._in_background(partial(self._send, there))
        return None

    def over(self, *, made: bool) -> None:
        """End the lease; what was made is put into the remote before.

        Args:
            made: whether the step's record is written.
        """
        if self._renews is None:
            return
        pushed = False
        try:
            pushed = made and self._pushed()  # the lease is renewed meanwhile
        finally:
            self._ended.set()
            self._end(pushed)

    # -- waiting ---------------------------------------------------------------------------------------------------

    def _waited(self) -> Record | None:
        began, met = time.monotonic(), None
        while (lease := self._claim.take(even_if_made=False)) is not None:
            if lease.made:
                if record := self._theirs():
                    self._note("used", lease, began, f"{_who(lease)} made it: used here, nothing is trained")
                    return record
                if self._claim.take() is None:  # what it made is gone, or damaged
                    break
                continue
            met = lease
            self._tell(lease, time.monotonic() - began)
            _sleep(min(_LOOKS_EVERY_SECONDS, lease.seconds / RENEWALS_A_TERM))
        record = self._theirs()  # its maker may have died between that and the end of its lease
        if over := self._claim.over:
            ours = over.holder.place == _holder(self._run).place
            why = "ended in it" if ours else f"did not renew its lease for {over.seconds:g} s"
            self._note("taken over", over, began, f"{_who(over)} {why}: taken over")
        elif met and not record:
            self._note("turn", met, began, f"{_who(met)} ended without a result: it is done here")
        if record:
            self._claim.end(made=True)
            self._say("another machine made it meanwhile: used here, nothing is trained")
        return record

    def _theirs(self) -> Record | None:
        self._behind.look_again(self._parts.key)
        return self._run.records.read(self._parts.key)

    def _tell(self, lease: Lease, waited: float) -> None:
        """Say whom we wait for: once of each lease, and then now and then."""
        token, when = self._told
        if token == lease.token and waited - when < _SAYS_EVERY_SECONDS:
            return
        still = f"still, after {waited / 60:.0f} min" if token == lease.token else "so this run waits for its result"
        self._told = lease.token, waited
        self._say(
            f"{_who(lease)} is at it since {lease.taken}, {still}; its lease, unless renewed, ends at {lease.until} by "
            "its own clock"
        )

    # -- working ---------------------------------------------------------------------------------------------------

    def _in_background(self, work: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=contextvars.copy_context().run, args=(work,), daemon=True)
        thread.start()
        return thread

    def _renew(self) -> None:
        while not self._ended.wait(self._seconds / RENEWALS_A_TERM):
            try:
                if not self._claim.renew():
                    self._lost()
                    return
                if self._failing:
                    self._say("the remote answers again, and the lease is renewed")
                self._failing = False
            except (RemoteError, OSError) as error:
                if not self._failing:
                    self._say(f"the lease is not renewed, so another machine may begin the same work: {error}")
                self._failing = True

    def _lost(self) -> None:
        lease = self._claim.lost_to
        who = _who(lease) if lease else "another machine"
        self._note(
            "lost", lease, None,
            f"{who} took this work over, for its lease was not renewed here in time (did this machine sleep?); it goes "
            "on here as well, and of two results the remote keeps the first",
        )  # fmt: skip

    def _take_up(self) -> None:
        """Bring the checkpoint that another machine left, where it had come further than what is here."""
        folder, objects = folder_of(self._run.store, self._parts), self._behind.remote.objects
        try:
            if not is_further(checkpoints.names_of(objects, folder.name), newest_files(folder)):
                return
            with held(folder, self._run.store), self._run.store.workspace() as aside:
                whole = checkpoints.bring(objects, folder.name, aside)
                size = sum(path.stat().st_size for path in aside.rglob("*") if path.is_file())
                if whole and is_further(newest_files(aside), newest_files(folder)):
                    take_up(folder, aside)
            what = f"goes on from it ({in_words(size)})" if whole else "it is not whole, so it is not used"
            self._say(f"another machine left a checkpoint in the remote: {what}")
        except RemoteError as error:
            self._say(f"a checkpoint that another machine may have left is not used: {error}")

    def _send(self, sent: list[str]) -> None:
        folder, objects = folder_of(self._run.store, self._parts), self._behind.remote.objects
        minutes: float = value_of(CHECKPOINT_MINUTES) or CHECKPOINT_EVERY_MINUTES
        if minutes == float("inf"):
            return
        while not self._ended.wait(60 * minutes) and not self._claim.lost_to:
            try:
                if (names := newest_files(folder)) not in ([], sent):
                    self._run.journal.checkpoint_bytes += checkpoints.send(objects, folder.name, folder, names)
                    sent = names
            except (RemoteError, OSError) as error:
                self._say(f"its checkpoint is not put into the remote: {error}")
                return

    # -- the end ---------------------------------------------------------------------------------------------------

    def _pushed(self) -> bool:
        """Put the result into the remote, and return whether it is there."""
        if self._behind.lost:
            return False
        known = {name: entry.key for name, entry in self._run.journal.entries.items() if trains(name) and entry.key}
        try:
            push_cargo(self._run.store, cargo_of_steps(self._run, known | {self._step: self._parts.key}))
        except (StoreError, OSError) as error:
            self._say(f"what it gave is not in the remote, so other machines do it again: {error}")
            return False
        return True

    def _end(self, made: bool) -> None:
        """Say that the work is over, unless that would take long: then who waits takes over when the term is over."""
        if self._renews:
            self._renews.join(_ENDS_WITHIN_SECONDS)
        if self._behind.lost or self._failing or self._claim.lost_to or (self._renews and self._renews.is_alive()):
            return
        try:
            self._claim.end(made=made)
            if made and self._sends and not self._is_cut():
                self._sends.join()
                checkpoints.drop(self._behind.remote.objects, folder_of(self._run.store, self._parts).name)
        except (RemoteError, OSError) as error:
            self._say(f"its lease is not ended, so other machines wait until it is over: {error}")

    def _is_cut(self) -> bool:
        """Whether a longer time limit would go on from the checkpoint."""
        record = self._run.records.kept(self._parts.key)
        ended = why_ended(self._run.store, record.output) if record else None
        return ended is not None and is_cut(ended)

    def _note(self, what: str, lease: Lease | None, began: float | None, words: str) -> None:
        """Say what became of the lease, and keep it for ``run.json``."""
        holder = lease.holder if lease else Holder()
        self._run.journal.leases.append(
            {
                "step": self._step,
                "what": what,
                "host": holder.host,
                "store": holder.store,
                "run": holder.run,
                "since": lease.taken if lease else None,
                "waited": None if began is None else round(time.monotonic() - began, 3),
                "words": words,
            }
        )
        self._say(words)


def _holder(run: Run) -> Holder:
    identity, host = identity_of(run.store.root), socket.gethostname()
    place = sha256_bytes(f"{identity}\0{host}\0{run.store.root.absolute()}".encode())[:16]
    return Holder(identity, host, os.getpid(), run.id, place)


def _who(lease: Lease) -> str:
    """Return in words whose a lease is."""
    holder = lease.holder
    return f"{holder.host} (run {holder.run}, process {holder.pid}, store {in_short(holder.store)})"


def _sleep(seconds: float) -> None:
    """Sleep, unless told to stop; in a thread no signal interrupts it.

    Raises:
        Stopped: a signal came.
    """
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        go_on_unless_told()
        time.sleep(min(left, _HEEDS_EVERY_SECONDS))
