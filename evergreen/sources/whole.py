"""What came whole is checked against what was promised, and taken out of what it was packed in on the way."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from evergreen.errors import ChecksumMismatch, SourceChanged, SourceUnavailable
from evergreen.sources.answers import Ask, refuse_page
from evergreen.sources.codings import DAMAGE, around, can_be_undone, unpacked
from evergreen.sources.desk import Kept
from evergreen.sources.validators import Validators

if TYPE_CHECKING:
    from evergreen.sources.download import Wanted

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
    for name, expected in validators.hashes.items():
        received = sent.sha256 if name == "sha256" else _digest(part, name)
        if received != expected:
            raise _mismatch(wanted, f"{name} {expected} as the server states", received, "Run again.")
    packings = around(validators.codings, wanted.name)
    if not packings or sent.sha256 == wanted.sha256:
        path, kept = part, sent
    else:
        path, kept = _unpack(wanted, part, packings)
    if wanted.version is not None and not validators.is_of(wanted.version, sent.size, kept.size):
        raise _changed(wanted, f"{validators.version} and {sent.size} bytes")
    if wanted.sha256 not in (None, kept.sha256):
        hint = "Correct the recipe's sha256 if the file was replaced."
        raise _mismatch(wanted, f"sha256 {wanted.sha256} as the recipe states", kept.sha256, hint)
    return path, kept


def unpacked_path(part: Path) -> Path:
    """Return where the inside of a packed body is written: never over it, which a later try would go on with."""
    return part.with_suffix(".unpacked")


def _unpack(wanted: "Wanted", part: Path, packings: tuple[str, ...]) -> tuple[Path, Kept]:
    target, size, digest = unpacked_path(part), 0, hashlib.sha256()
    limit = max(_RATIO_ABOVE, _MOST_RATIO * part.stat().st_size)
    with part.open("rb") as packed, target.open("wb") as file:
        inside = unpacked(packed, packings)
        while data := _next(wanted, inside):
            if size == 0:
                refuse_page(wanted.ask, data)
            file.write(data)
            digest.update(data)
            if (size := size + len(data)) > limit:
                raise SourceUnavailable(
                    f"{wanted.ask.shown}: refused: packed on the way, it unpacks to over {limit:,} bytes"
                )
    return target, Kept(digest.hexdigest(), size)


def _next(wanted: "Wanted", inside: BinaryIO) -> bytes:
    try:
        return inside.read(_CHUNK)
    except DAMAGE:
        raise SourceUnavailable(
            f"{wanted.ask.shown}: the server packed it on the way, and it came damaged. Run again"
        ) from None


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
