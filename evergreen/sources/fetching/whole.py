"""What came whole is checked against what was promised, and taken out of what it was packed in on the way."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from evergreen.errors import AccessRefused, ChecksumMismatch, SourceChanged, SourceUnavailable
from evergreen.sources.fetching.answers import Ask, refuse_page
from evergreen.sources.fetching.codings import DAMAGE, around, can_be_undone, unpacked
from evergreen.sources.fetching.context import Kept
from evergreen.sources.fetching.validators import Validators

if TYPE_CHECKING:
    from evergreen.sources.fetching.download import Wanted

_CHUNK = 1 << 20
# Photos do not shrink; what does beyond this is a bomb.
_MOST_RATIO, _RATIO_ABOVE = 100, 256 << 20


def check_answer(wanted: "Wanted", found: Validators) -> None:
    """Refuse an answer by its headers, before its body comes.

    Raises:
        SourceChanged: it is of another version than was asked for.
        SourceUnavailable: it is packed in a way that cannot be undone.
    """
    if wanted.version is not None and not found.is_of(wanted.version):
        raise _changed(wanted, found.version)
    check_codings(wanted.ask, found, wanted.name)


def check_codings(asked: Ask, found: Validators, name: str) -> None:
    """Refuse an answer whose packing cannot be undone.

    Raises:
        SourceUnavailable: it is packed so.
    """
    if not can_be_undone(packings := around(found.codings, name)):
        raise SourceUnavailable(
            f"{asked.shown}: expected the file as it is, received it packed with {', '.join(packings)}, which was not "
            "asked for: use another address of it, or fetch it by hand and name the file"
        )


def finished(wanted: "Wanted", part: Path, sent: Kept, validators: Validators) -> tuple[Path, Kept]:
    """Return where the file itself lies, and its digest; it is ``part``, or stands beside it.

    Where the recipe states a sha256, that decides which of the stated codings were put around the file on the way, and
    stands above what the server states of the bytes that it sent; else the file's name decides.

    Args:
        wanted: what was asked for.
        part: the whole body as it was sent.
        sent: its digest and size.
        validators: what its headers said.

    Raises:
        ChecksumMismatch: it is not the one that the recipe or the server states.
        SourceChanged: it is of another version than was asked for.
        SourceUnavailable: it is damaged, or a web page.
    """
    broken = _broken(wanted, part, sent, validators)
    if broken and wanted.sha256 is None:
        raise broken
    packings = around(validators.codings, wanted.name)
    if not packings or sent.sha256 == wanted.sha256:
        path, kept = part, sent
    else:
        path, kept = _unpack(wanted, part, packings)
    if wanted.sha256 not in (None, kept.sha256):
        if broken and not validators.codings:
            raise broken
        tried = {_undone(()): sent.sha256, _undone(packings): kept.sha256}
        path, kept = _otherwise(wanted, part, validators.codings, tried)
    if wanted.version is not None and not validators.is_of(wanted.version, sent.size, kept.size):
        raise _changed(wanted, f"{validators.version} and {sent.size} bytes")
    return path, kept


def _broken(wanted: "Wanted", part: Path, sent: Kept, validators: Validators) -> ChecksumMismatch | None:
    """Return what is wrong with a body by the digests that the server states of it, or None."""
    for name, expected in validators.hashes.items():
        received = sent.sha256 if name == "sha256" else _digest(part, name)
        if received != expected:
            return _mismatch(wanted, f"{name} {expected} as the server states", received, "Run again.")
    return None


def _otherwise(
    wanted: "Wanted", part: Path, codings: tuple[str, ...], tried: Mapping[str, str | None]
) -> tuple[Path, Kept]:
    """Return the file that the recipe's sha256 means with more, or fewer, codings undone than its name says.

    A filter may have packed a ``.tar.gz`` once more and stated "gzip" once. Nothing is written before it is found.

    Args:
        wanted: what was asked for.
        part: the whole body as it was sent.
        codings: what the server stated.
        tried: in words, what was undone -> the digest of what was then there, which is not the one.

    Raises:
        ChecksumMismatch: no way of undoing them gives the one.
        AccessRefused: inside is a web page.
    """
    found = dict(tried)
    for count in range(1, len(codings) + 1):
        undone = codings[-count:]
        if _undone(undone) in found or not can_be_undone(undone):
            continue
        found[_undone(undone)] = _digest_inside(wanted, part, undone)
        if found[_undone(undone)] == wanted.sha256:
            return _unpack(wanted, part, undone)
    received = " and ".join(f"{digest or 'nothing that can be read'} {how}" for how, digest in found.items())
    several = " to one of these, any of which is taken then," if len({*found.values()} - {None}) > 1 else ""
    hint = f"Correct the recipe's sha256{several} if the file was replaced."
    raise _mismatch(wanted, f"sha256 {wanted.sha256} as the recipe states", received, hint)


def unpacked_path(part: Path) -> Path:
    """Return where the inside of a packed body is written: never over it, which a later try would go on with."""
    return part.with_suffix(".unpacked")


def _unpack(wanted: "Wanted", part: Path, packings: tuple[str, ...]) -> tuple[Path, Kept]:
    target, size, digest = unpacked_path(part), 0, hashlib.sha256()
    with target.open("wb") as file:
        for data in _inside(wanted, part, packings):
            file.write(data)
            digest.update(data)
            size += len(data)
    return target, Kept(digest.hexdigest(), size)


def _digest_inside(wanted: "Wanted", part: Path, packings: tuple[str, ...]) -> str | None:
    """Return the digest of what is inside, or None where that cannot be read; writes nothing."""
    digest = hashlib.sha256()
    try:
        for data in _inside(wanted, part, packings):
            digest.update(data)
    except AccessRefused:
        raise
    except SourceUnavailable:  # damaged, or too much: it is not what was packed on the way
        return None
    return digest.hexdigest()


def _inside(wanted: "Wanted", part: Path, packings: tuple[str, ...]) -> Iterator[bytes]:
    """Yield what is inside, a piece at a time.

    Raises:
        SourceUnavailable: it is damaged, a web page, or a bomb.
    """
    size, limit = 0, max(_RATIO_ABOVE, _MOST_RATIO * part.stat().st_size)
    with part.open("rb") as packed:
        try:
            inside = unpacked(packed, packings)
            while data := inside.read(_CHUNK):
                if size == 0:
                    refuse_page(wanted.ask, data)
                if (size := size + len(data)) > limit:
                    raise SourceUnavailable(
                        f"{wanted.ask.shown}: refused: packed on the way, it unpacks to over {limit:,} bytes"
                    )
                yield data
        except DAMAGE:
            raise SourceUnavailable(
                f"{wanted.ask.shown}: the server packed it on the way, and it came damaged. Run again"
            ) from None


def _undone(codings: tuple[str, ...]) -> str:
    return f"with {', '.join(reversed(codings))} undone" if codings else "as it came"


def _mismatch(wanted: "Wanted", expected: str, received: str, hint: str) -> ChecksumMismatch:
    return ChecksumMismatch(
        f"{wanted.name} from {wanted.ask.shown}: expected {expected}, received {received}; nothing was kept. {hint}"
    )


def _changed(wanted: "Wanted", received: str | None) -> SourceChanged:
    return SourceChanged(
        f"{wanted.ask.shown}: expected {wanted.version}, received {received or 'no version'}: the file was replaced "
        "meanwhile; run again. If this comes back, the machines behind the address do not agree on a version: state "
        "the file's sha256 in the recipe (source.http.files)"
    )


def _digest(path: Path, name: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(name, usedforsecurity=False)).hexdigest()
