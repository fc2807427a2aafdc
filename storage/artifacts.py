"""References and manifests: the names under which artifacts are known."""

import contextlib
import gc
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from json.encoder import encode_basestring
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from storage.digests import canonical_json, checked_digest, sha256_bytes
from storage.errors import ArtifactDamaged, BadReference

_AT_ONCE = 10_000
# As ``canonical`` writes a manifest.
_FACTS, _FILES, _KIND_OF, _SHA256, _SIZE = b'{"facts":', b',"files":{', b'},"kind":', '":{"sha256":"', '","size":'
_NEXT, _BLOCK = b'},"', 2**22
_HEX = re.compile(r"(?:[0-9a-f]{64})*")
_KIND = re.compile(r"[a-z][a-z0-9-]{0,31}\Z")


@dataclass(frozen=True, slots=True)
class Ref:
    """What travels between steps: the kind, identity and size in bytes of one artifact.

    Raises:
        BadReference: the kind or the digest has a form that no store produces.
    """

    kind: str
    sha256: str
    size: int

    def __post_init__(self) -> None:
        if not _KIND.match(self.kind):
            raise BadReference(f"expected an artifact kind such as 'dataset', received {self.kind!r}")
        checked_digest(self.sha256)
        if not isinstance(self.size, int) or self.size < 0:
            raise BadReference(f"expected a size in bytes of 0 or more, received {self.size!r}")

    @property
    def short(self) -> str:
        """The first 12 hex digits, for people."""
        return self.sha256[:12]

    def as_json(self) -> dict[str, Any]:
        """Return the reference as plain JSON values."""
        return {"kind": self.kind, "sha256": self.sha256, "size": self.size}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Ref":
        """Read what ``as_json`` wrote.

        Raises:
            BadReference: a field is missing or has another form.
        """
        try:
            return cls(kind=str(value["kind"]), sha256=str(value["sha256"]), size=value["size"])
        except (KeyError, TypeError) as error:
            raise BadReference(f"expected a reference with kind, sha256 and size, received {value!r}") from error


class Blob(NamedTuple):
    """One stored file: its SHA-256 and its size in bytes. A tuple: a manifest may name a million."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Manifest:
    """An artifact's table of contents; the digest of its canonical JSON is the artifact's identity."""

    kind: str
    files: Mapping[str, Blob]
    facts: Mapping[str, Any] = field(default_factory=dict)

    def canonical(self) -> bytes:
        """Return the bytes that are stored and digested: those of ``canonical_json``, without a dict for each file."""
        made = bytearray(b'{"facts":%b,"files":{' % canonical_json(dict(self.facts)))
        names = sorted(self.files)
        for start in range(0, len(names), _AT_ONCE):
            some = [
                f'{encode_basestring(name)}:{{"sha256":"{blob.sha256}","size":{blob.size}}}'
                for name, blob in ((name, self.files[name]) for name in names[start : start + _AT_ONCE])
            ]
            made += b"," * bool(start) + ",".join(some).encode()
        made += b'},"kind":%b}' % canonical_json(self.kind)
        return bytes(made)

    def ref(self, canonical: bytes | None = None) -> Ref:
        """Return the reference to this artifact; its size counts the files, not the manifest.

        Args:
            canonical: its bytes, by whoever has them.
        """
        size = sum(blob.size for blob in self.files.values())
        return Ref(self.kind, sha256_bytes(self.canonical() if canonical is None else canonical), size)

    @classmethod
    def parse(cls, data: bytes, digest: str) -> "Manifest":
        """Read a stored manifest and prove that it is the one that was published.

        Raises:
            ArtifactDamaged: the bytes do not have the expected digest.
        """
        if (found := sha256_bytes(data)) != digest:
            raise ArtifactDamaged(f"manifest {digest[:12]}: expected SHA-256 {digest}, found {found}")
        if data.startswith(_FACTS) and (read := _read(data)):
            return cls(*read)
        value = json.loads(data)
        files = {name: Blob(checked_digest(entry["sha256"]), entry["size"]) for name, entry in value["files"].items()}
        return cls(value["kind"], files, value["facts"])


def _read(data: bytes) -> tuple[str, dict[str, Blob], Any] | None:
    """Return kind, files and facts of what ``canonical`` wrote, without a dict for each file; None: it is another form.

    A quote in a name has a backslash before it, so what stands between two names stands in none.
    """
    at, end = -1, data.rfind(_KIND_OF)
    while (at := data.find(_FILES, at + 1, end)) >= 0:
        try:  # the same text may stand in the facts, which then do not end here
            facts = json.loads(data[len(_FACTS) : at])
        except ValueError:
            continue
        break
    else:
        return None
    at += len(_FILES)
    files: dict[str, Blob] = {}
    try:
        kind = json.loads(data[end + len(_KIND_OF) : -1])
        with _nothing_is_garbage():
            while at < end:
                cut = end if end - at <= _BLOCK else data.rfind(_NEXT, at, at + _BLOCK) + 2
                if cut < at:  # a name of megabytes
                    return None
                files |= _files(data[at:cut].decode())
                at = cut
    except (ValueError, BadReference):
        return None
    return kind, files, facts


def _files(text: str) -> Iterator[tuple[str, Blob]]:
    """Return names and blobs of one part of a manifest: ``"NAME":{"sha256":"...","size":N},`` and more of these.

    Raises:
        ValueError: it is no such text.
    """
    first, *parts = text.removesuffix(",").removesuffix("}").split(_SHA256)
    names, digests, sizes = [first[1:]], [part[:64] for part in parts], []
    for part in parts:
        size, _, name = part[64 + len(_SIZE) :].partition('},"')
        sizes.append(int(size))
        names.append(name)
    in_order = all(part.startswith(_SIZE, 64) for part in parts)
    if first[:1] != '"' or names.pop() or not in_order or not _HEX.fullmatch("".join(digests)):
        raise ValueError("expected files as a manifest has them")
    told = (json.loads(f'"{name}"') if "\\" in name else name for name in names)
    return zip(told, map(Blob, digests, sizes), strict=True)


@contextlib.contextmanager
def _nothing_is_garbage() -> Iterator[None]:
    """Look for no garbage among objects that all stay: of a million files that would take a third of the time."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def checked_name(name: str) -> str:
    """Return a file's name inside an artifact: relative, POSIX, without ``..``.

    Raises:
        BadReference: the name could leave the folder that it is written to.
    """
    path = PurePosixPath(name)
    unsafe = not name or path.is_absolute() or "\0" in name or "\\" in name or str(path) != name
    if unsafe or any(part in ("..", ".") for part in path.parts):
        raise BadReference(f"expected a relative file name without '..', received {name!r}")
    return name
