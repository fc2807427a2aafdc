"""References and manifests: the names under which artifacts are known."""

import contextlib
import gc
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from json.encoder import encode_basestring
from pathlib import PurePosixPath
from typing import Any

from storage.digests import canonical_json, checked_digest, sha256_bytes
from storage.errors import ArtifactDamaged, BadReference

_AT_ONCE = 10_000
_FACTS, _FILES = b'{"facts":', b',"files":{'
# One file of a manifest, as ``canonical`` writes it, and what follows.
_FILE = re.compile(rb'"([^"\\]*(?:\\.[^"\\]*)*)":\{"sha256":"([0-9a-f]{64})","size":([0-9]+)\}(,|\},)')
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


@dataclass(frozen=True, slots=True)
class Blob:
    """One stored file: its SHA-256 and its size in bytes."""

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
    """Return kind, files and facts of a manifest of many files, without a dict for each; None: it has another form."""
    at = -1
    while (at := data.find(_FILES, at + 1)) >= 0:
        try:  # the same text may stand in the facts, which then do not end here
            facts = json.loads(data[len(_FACTS) : at])
        except ValueError:
            continue
        break
    else:
        return None
    at += len(_FILES)
    files: dict[str, Blob] = {}
    with _nothing_is_garbage():
        while found := _FILE.match(data, at):
            name, sha256, size, more = found.groups()
            files[json.loads(b'"%b"' % name) if b"\\" in name else name.decode()] = Blob(sha256.decode(), int(size))
            at = found.end()
            if more != b",":
                break
    try:
        rest = json.loads(b"{" + data[at:])
    except ValueError:
        return None
    return (rest["kind"], files, facts) if files and rest.keys() == {"kind"} else None


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
