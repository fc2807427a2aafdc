"""What people open of an artifact: ordinary files in one folder for all runs that show the same, copied once.

    <root>/exports/<name>/             files like those of an artifact; runs/<id>/exports is a relative link to it
    <root>/exports/<name>.edited-<n>/  one that somebody changed, kept aside; only its owner deletes it

The files share no inode with a blob: who edits one alters nothing that the store relies on. Every run that shows them
reads them anew, so none hands out edited files as the proven ones.
"""

import itertools
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from storage import disk
from storage.artifacts import Blob, checked_name
from storage.digests import sha256_bytes, sha256_file
from storage.store import Store

# The folders that we made; one that was set aside is a person's.
OURS = re.compile(r"[0-9a-f]{64}(-[0-9a-f]{12})?\Z")
_CACHE = "__pycache__"  # appears where a person runs what lies beside a model


@dataclass(frozen=True)
class Shown:
    """A folder with the files that were asked for.

    Attributes:
        folder: where they are.
        edited: where files went that somebody had changed there; None if nobody had.
    """

    folder: Path
    edited: Path | None


def show(store: Store, name: str, files: Mapping[str, Blob | bytes]) -> Shown:
    """Return the folder of that name with exactly these files, which are copied unless they are there.

    Args:
        store: where the blobs are.
        name: 64 hex digits, with a suffix of 12 or without; it stands for these files and no others.
        files: name inside the folder -> a stored blob, or bytes.

    Raises:
        ArtifactMissing, ArtifactDamaged: a blob is not there, or altered.
        StoreUnwritable: the store may not be written, or the disk is full.
    """
    folder = store.root / "exports" / name
    with disk.explained(store.root), disk.locked(store.root / "exports.lock"):
        if _holds(folder, files):
            return Shown(folder, None)
        with store.workspace() as scratch:
            made = scratch / "exports"
            for file, content in files.items():
                target = made / checked_name(file)
                target.parent.mkdir(parents=True, exist_ok=True)
                if isinstance(content, bytes):
                    target.write_bytes(content)
                else:
                    store.copy_blob(content.sha256, target)
            disk.flush([made, *made.rglob("*")])
            folder.parent.mkdir(parents=True, exist_ok=True)
            edited = _set_aside(folder) if os.path.lexists(folder) else None
            made.rename(folder)
        disk.fsync(folder.parent)
    return Shown(folder, edited)


def link(folder: Path, at: Path) -> None:
    """Make ``at`` a relative link to a folder, as one: it stays right where the store is moved to another place."""
    part = at.with_name(f"{at.name}.part")
    part.unlink(missing_ok=True)
    part.symlink_to(os.path.relpath(folder, at.parent))
    part.replace(at)


def _holds(folder: Path, files: Mapping[str, Blob | bytes]) -> bool:
    """Whether a folder has exactly these files; reads every byte. Hidden files, as systems leave them, do not count."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    found = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_symlink() or path.is_file()}
    seen = {
        name.as_posix(): path
        for name, path in found.items()
        if name.as_posix() in files or not (_CACHE in name.parts or name.name.startswith("."))
    }
    return seen.keys() == files.keys() and all(
        not path.is_symlink() and sha256_file(path) == _sha256(files[name]) for name, path in seen.items()
    )


def _sha256(content: Blob | bytes) -> str:
    return sha256_bytes(content) if isinstance(content, bytes) else content.sha256


def _set_aside(folder: Path) -> Path:
    numbered = (folder.with_name(f"{folder.name}.edited-{number}") for number in itertools.count(1))
    aside = next(path for path in numbered if not os.path.lexists(path))
    return folder.rename(aside)
