"""What a training has learned so far, in the remote, for the machine that takes it over: the newest state alone.

    checkpoints/<course>/newest      JSON: which files there are, each with its SHA-256
    checkpoints/<course>/<sha256>    a file

``course`` is the name of the folder of a training's checkpoints in a store: the digest of all that decides how it goes,
code and versions too. Only the holder of its lease writes here, the files before the names of them. Two that both think
they are may delete each other's files: what is not whole is not brought, and the training begins anew.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from storage.digests import canonical_json, is_digest, sha256_bytes, sha256_file
from storage.remote.objects import Objects

CHECKPOINTS = "checkpoints"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?\Z")


def send(objects: Objects, course: str, folder: Path, names: Iterable[str]) -> int:
    """Put files of a folder there in place of those of the last time, and return how many bytes went.

    Args:
        objects: of the remote.
        course: of the training.
        folder: where the files are.
        names: of files below it, one folder deep at most. One that is gone meanwhile ends it: nothing is changed.

    Raises:
        RemoteError: the remote does not take it.
    """
    told, sent = _newest(objects, course), 0
    files: dict[str, str] = {}
    for name in names:
        try:
            data = (folder / name).read_bytes()
        except FileNotFoundError:  # the training went on to a newer state
            return 0
        files[name] = sha256_bytes(data)
        if files[name] not in told.values():
            objects.put_new(f"{CHECKPOINTS}/{course}/{files[name]}", data)
            sent += len(data)
    if files == told:
        return 0
    objects.put_over(_index(course), canonical_json(files))
    _delete(objects, course, set(told.values()) - set(files.values()))
    return sent


def names_of(objects: Objects, course: str) -> list[str]:
    """Return the names of the files that are there.

    Raises:
        RemoteError: the remote does not answer.
    """
    return sorted(_newest(objects, course))


def bring(objects: Objects, course: str, aside: Path) -> bool:
    """Write the files that are there into an empty folder, and return whether all of them came, whole.

    Raises:
        RemoteError: the remote does not answer.
    """
    found = _newest(objects, course)
    for name, sha256 in found.items():
        part = aside / name
        part.parent.mkdir(parents=True, exist_ok=True)
        if not objects.get_into(f"{CHECKPOINTS}/{course}/{sha256}", part) or sha256_file(part) != sha256:
            return False
    return bool(found)


def drop(objects: Objects, course: str) -> None:
    """Delete what is there: the training has ended.

    Raises:
        RemoteError: the remote does not answer, or refuses; its garbage collection deletes it.
    """
    if found := _newest(objects, course):
        objects.delete([_index(course)])
        _delete(objects, course, found.values())


def _newest(objects: Objects, course: str) -> dict[str, str]:
    """Return {name: SHA-256}; nothing where it is damaged, or names what lies elsewhere."""
    try:
        told: Mapping[str, str] = json.loads(objects.get(_index(course)) or b"{}")
        found = {name: sha256 for name, sha256 in told.items() if _NAME.match(name) and is_digest(sha256)}
        return found if len(found) == len(told) else {}
    except (ValueError, TypeError, AttributeError):
        return {}


def _index(course: str) -> str:
    return f"{CHECKPOINTS}/{course}/newest"


def _delete(objects: Objects, course: str, digests: Iterable[str]) -> None:
    objects.delete([f"{CHECKPOINTS}/{course}/{digest}" for digest in sorted(set(digests))])
