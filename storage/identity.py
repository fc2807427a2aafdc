"""Which store this is: a name that it is given once, and that nobody else has.

    <root>/store.json   identity (32 hex digits), and when and on which host it was made

It is made by the first run that writes into the store, aside, and linked into its place: a link, unlike a rename,
never replaces what is there, so of two that make it at once one wins, whole, and the other reads it. Where a file
system knows no links it is created exclusively (O_EXCL) in place.

A folder that is moved stays the same store. One that is copied has the same identity twice: as long as both hold the
same decisions nobody can tell them apart, and nobody needs to; whoever kept the last decision (flows.servers.deciding)
knows of which of them it is, and the other is then renamed by ``renew``.
"""

import contextlib
import errno
import json
import os
import re
import socket
import time
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

from storage.digests import canonical_json
from storage.disk import explained, fsync, replace
from storage.errors import ArtifactDamaged
from storage.workspaces import workspace

FILE = "store.json"
_IDENTITY = re.compile(r"[0-9a-f]{32}\Z")
_SHORT = 12
# What a file system answers that has no links; EPERM is vfat's word for it.
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
_WRITTEN_WITHIN = 1.0  # seconds; what is created in place is empty for a moment


def identity_of(root: Path) -> str:
    """Return a store's identity, 32 hex digits; one that has none yet is given it.

    Raises:
        ArtifactDamaged: ``store.json`` is not what a store wrote.
        StoreUnwritable: there is none, and the store may not be written, or the disk is full.
    """
    if known := known_identity(root):
        return known
    with explained(root), workspace(root) as aside:
        part = aside / FILE
        part.write_bytes(_fresh())
        fsync(part)
        with contextlib.suppress(FileExistsError):  # another process was first: its identity counts
            _put(part, root / FILE)
        fsync(root)
    return known_identity(root) or identity_of(root)


def known_identity(root: Path) -> str | None:
    """Return a store's identity, or None where it has none yet; writes nothing.

    Raises:
        ArtifactDamaged: ``store.json`` is not what a store wrote.
    """
    path, deadline = root / FILE, time.monotonic() + _WRITTEN_WITHIN
    while True:
        try:
            data = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        if found := _read(data):
            return found
        if time.monotonic() > deadline:
            raise ArtifactDamaged(
                f"expected the identity of a store in {path}, found something else: bring that file back from a "
                "backup, or remove it: the next run then gives the store another identity"
            )
        time.sleep(0.02)


def renew(root: Path) -> str:
    """Give a store another identity, because its folder is a copy of a store that goes on elsewhere; return it.

    Raises:
        StoreUnwritable: the store may not be written, or the disk is full.
    """
    with explained(root):
        replace(root / FILE, _fresh())
    return identity_of(root)


def whereabouts(root: Path) -> dict[str, str]:
    """Return which store this is and where: identity, folder, host.

    Raises:
        ArtifactDamaged, StoreUnwritable: as ``identity_of``.
    """
    return {"identity": identity_of(root), "folder": str(root), "host": socket.gethostname()}


def in_short(identity: str) -> str:
    """Return as much of an identity as people compare."""
    return identity[:_SHORT]


def _fresh() -> bytes:
    made = datetime.now(UTC).isoformat(timespec="seconds")
    return canonical_json({"identity": token_hex(16), "made": made, "host": socket.gethostname()}) + b"\n"


def _put(part: Path, target: Path) -> None:
    """Give a whole file its place.

    Raises:
        FileExistsError: there is one already.
    """
    try:
        target.hardlink_to(part)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        with target.open("xb", buffering=0) as file:
            try:
                file.write(part.read_bytes())
                os.fsync(file.fileno())
            except OSError:  # a full disk, say: half an identity would be in everybody's way
                target.unlink()
                raise


def _read(data: bytes) -> str | None:
    """Return the identity in a file's bytes, None if there is none."""
    try:
        found = json.loads(data)["identity"]
    except (ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, str) and _IDENTITY.match(found) else None
