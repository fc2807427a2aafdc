"""Fetching one file so that it is whole, of one version, and resumed where it was cut.

``requests`` follows redirects (without forwarding Authorization to another host) and speaks to proxies, ``tenacity``
repeats; what neither does is here: If-Range, one version only, a partial file that survives kill -9.
"""

import errno
import hashlib
import shutil
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evergreen.errors import SourceUnavailable, SourceUnreachable
from evergreen.sources.fetching.answers import Ask, opened, pause, refuse_page
from evergreen.sources.fetching.context import Kept, SourceContext
from evergreen.sources.fetching.digest import Digest
from evergreen.sources.fetching.download_state import DownloadState, boot, held
from evergreen.sources.fetching.validators import Validators
from evergreen.sources.fetching.whole import check_answer, finished, unpacked_path

if TYPE_CHECKING:
    from requests import Response

CHUNK = 1 << 20
_TELL_EVERY_SECONDS = 0.5
_MOST_ATTEMPTS = 1000


@dataclass(frozen=True)
class Wanted:
    """One file to fetch.

    Attributes:
        name: what it is called here.
        ask: how it is asked for.
        version: what the answer's validators must say; None if a checksum or a pinned version decides.
        label: the version that is remembered for the finished file; None if its bytes alone can tell, so that it must
            be fetched, and its digest is remembered.
        sha256: expected digest, if the recipe states it; of the file, or of what the server sends for it.
    """

    name: str
    ask: Ask
    label: str | None
    version: str | None = None
    sha256: str | None = None


def fetch(wanted: Wanted, context: SourceContext) -> Kept:
    """Fetch a file onto the shelf, unless this version of it is there.

    Of several processes that want the same file one fetches it, and the others wait.

    Raises:
        SourceUnavailable: see its subclasses; after SourceUnreachable and a kill the next call resumes.
        OSError: the disk is full.
    """
    context.downloads.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(f"{wanted.name} {wanted.ask.shown}".encode()).hexdigest()[:32]
    with held(context.downloads / f"{name}.json") as state:
        known = state.value.get("finished")
        if known and known["label"] == wanted.label and context.shelf.has(kept := Kept(known["sha256"], known["size"])):
            return kept
        transfer = _Transfer(wanted, context, context.downloads / f"{name}.part", state)
        path, kept = transfer.run()
        context.shelf.take(path, kept)
        transfer.part.unlink(missing_ok=True)
        label = wanted.label or f"sha256 {kept.sha256}"
        state.write({"finished": {"label": label, "sha256": kept.sha256, "size": kept.size}})
        return kept


@dataclass
class _Transfer:
    """One file on its way: what is here of it, of which version, and how often nothing came."""

    wanted: Wanted
    context: SourceContext
    part: Path
    state: DownloadState
    failures: int = 0
    size: int = 0
    validators: Validators | None = None
    digest: Digest = field(default_factory=Digest)
    told: float = 0.0

    def run(self) -> tuple[Path, Kept]:
        """Fetch what is missing, check the whole, and return where the file lies, and its digest."""
        from tenacity import Retrying, retry_if_exception_type

        self._recall()
        retrying = Retrying(
            retry=retry_if_exception_type(SourceUnreachable),
            stop=lambda tried: self.failures >= self.wanted.ask.attempts or tried.attempt_number >= _MOST_ATTEMPTS,
            wait=lambda tried: pause(
                self.wanted.ask, max(self.failures, 1), tried.outcome.exception() if tried.outcome else None
            ),
            reraise=True,
        )
        try:
            retrying(self._attempt)
            return self._finished()
        finally:
            self.digest.close()

    def _finished(self) -> tuple[Path, Kept]:
        validators = self.validators or Validators(None, None, None)
        try:
            return finished(self.wanted, self.part, Kept(self.digest.hexdigest(), self.size), validators)
        except (SourceUnavailable, OSError) as error:
            unpacked_path(self.part).unlink(missing_ok=True)
            if isinstance(error, SourceUnavailable):
                self._start_over(None)
            raise

    def _attempt(self) -> None:
        before = self.size
        try:
            self._receive()
        except SourceUnavailable:
            self.failures = 1 if self.size > before else self.failures + 1
            if self.size == 0:
                self.part.unlink(missing_ok=True)
            raise

    def _receive(self) -> None:
        """Ask for the rest of the file, or for all of it, and write what comes."""
        whole = self.validators and self.validators.length
        if whole and self.size == whole:
            return
        condition = self.validators.condition if self.validators and self.size else None
        headers = {"Range": f"bytes={self.size}-", "If-Range": condition} if condition else {}
        with opened(self.wanted.ask, headers) as response:
            found = Validators.of(response.status_code, response.headers)
            if response.status_code == 200:
                self._begin(found)
            elif response.status_code != 206 or not self._goes_on(found):  # 416, or the rest of another version
                self._start_over(None)
                raise SourceUnreachable(f"{self.wanted.ask.shown}: another version than before; starting over")
            self._write(response)
        if self.validators and self.validators.length not in (None, self.size):
            raise SourceUnreachable(
                f"{self.wanted.ask.shown}: expected {self.validators.length:,} bytes, cut off after {self.size:,}"
            )

    def _begin(self, found: Validators) -> None:
        """Forget what is here, and begin with a whole answer, if it is what was asked for."""
        self._start_over(None)
        check_answer(self.wanted, found)
        self._start_over(found)

    def _goes_on(self, found: Validators) -> bool:
        """Whether an answer is the rest of what is here: same version, same length, from the right byte."""
        ours = self.validators
        if ours is None or found.first != self.size or not ours.goes_on_as(found):
            return False
        self.validators = replace(ours, length=found.length)
        return True

    def _write(self, response: "Response") -> None:
        with self.part.open("ab", buffering=0) as file:
            while data := self.wanted.ask.read(response, CHUNK):
                if self.size == 0:
                    refuse_page(self.wanted.ask, data)
                if time.monotonic() - self.told >= _TELL_EVERY_SECONDS:
                    self._tell()  # of what was here before: the end is told below, once
                file.write(data)
                self.size += len(data)
                self.digest.update(data)
        self._tell()

    def _tell(self) -> None:
        self.told = time.monotonic()
        self.context.tell(self.wanted.name, self.size, self.validators.length if self.validators else None)

    def _start_over(self, validators: Validators | None) -> None:
        """Forget what is here, and begin a file of that version."""
        self.part.unlink(missing_ok=True)
        self.size, self.validators = 0, validators
        self.digest.restart()
        self.state.write(self._about(validators))
        free = shutil.disk_usage(self.part.parent).free
        if validators and validators.length is not None and validators.length > free:
            raise OSError(errno.ENOSPC, f"{self.wanted.name} has {validators.length:,} bytes, {free:,} are free")

    def _about(self, validators: Validators | None) -> dict[str, Any]:
        """Return what the next process must know to go on with the partial file; nothing if it cannot."""
        if validators is None or not validators.condition:
            return {}
        partial = {name: getattr(validators, name) for name in ("etag", "modified", "length", "codings")}
        return {"partial": {"boot": boot(), "hashes": dict(validators.hashes), **partial}}

    def _recall(self) -> None:
        """Take up what an earlier process left, if the machine did not lose power since: then bytes may be missing."""
        known = self.state.value.get("partial")
        if not known or "codings" not in known or not self.part.is_file() or known["boot"] != boot():
            self.part.unlink(missing_ok=True)
            return
        found = Validators(
            known["etag"], known["modified"], known["length"], hashes=known["hashes"], codings=tuple(known["codings"])
        )
        if self.wanted.version is not None and not found.is_of(self.wanted.version):
            self.part.unlink()
            return
        self.validators = found
        self.digest.restart(self.part)
        self.size = self.part.stat().st_size
