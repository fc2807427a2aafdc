"""Images that a person names one by one: files, folders, patterns, addresses, standard input."""

import glob
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from evergreen.addresses import redacted
from evergreen.errors import BadInput
from evergreen.images.junk import junk_reason
from evergreen.paths import is_folder
from evergreen.sections.meant import is_file_address, local_path_in
from evergreen.sources.archives.names import readable
from evergreen.sources.fetching.small_file import fetch_bytes, name_of

STDIN = "-"
# Fifty megapixels of 8-bit RGB, the most that the door lets in, take 143 MiB uncompressed.
MOST_BYTES = 200 * 2**20
_URL = re.compile(r"https?://", re.IGNORECASE)
# What a pattern says before its first wildcard.
_FIXED = re.compile(r"[^*?\[]*")


@dataclass(frozen=True)
class Given:
    """One image that was asked for.

    Attributes:
        name: how it is called in every answer; it holds no secret.
        read: returns its bytes. Raises OSError or an EvergreenError if it cannot be had.
        folders: of a file that was found in a folder: that folder's name, then those below it down to the file's; empty
            of a file that was named itself.
        path: of a file on this machine; None of what comes from elsewhere, or cannot be read.
    """

    name: str
    read: Callable[[], bytes]
    folders: tuple[str, ...] = ()
    path: Path | None = None


@dataclass(frozen=True)
class Named:
    """What some names stand for.

    Attributes:
        images: in the order of the names; what a folder or pattern holds is sorted.
        skipped: files found in folders, or by patterns, that are no images by their names.
    """

    images: list[Given]
    skipped: int


def is_url(name: str) -> bool:
    """Whether a name is an address."""
    return bool(_URL.match(name))


def named(names: Sequence[str], stdin: BinaryIO | None = None) -> Named:
    """Return the images that names stand for; nothing but folders is read yet.

    A name that stands for nothing becomes an image that cannot be read, so that one answer says so and the rest is
    done.

    Args:
        names: files, folders (all that is below them), patterns with ``*``, ``?``, ``[]`` or ``**``, URLs (``file:``
            too), and ``-``.
        stdin: what ``-`` reads, as one image; None refuses it.
    """
    images: list[Given] = []
    skipped = 0
    standard_input = _read_once(stdin)
    for name in names:
        if name == STDIN:
            images.append(Given("<stdin>", standard_input))
        elif is_url(name):
            images.append(Given(name_of(name), partial(fetch_bytes, name, MOST_BYTES)))
        elif is_file_address(name):
            found = list(_at_address(name))
            images += [image for image in found if image]
            skipped += found.count(None)
        else:
            found = list(_found(name))
            images += [image for image in found if image]
            skipped += found.count(None)
    return Named(images, skipped)


def _found(name: str) -> Iterator[Given | None]:
    """Yield what a file, folder or pattern stands for; None for each file that is no image by its name."""
    path = os.path.expanduser(name)  # noqa: PTH111 - a Path would lose ./ and a doubled slash
    if not name or "\0" in name:
        yield _refused(name.replace("\0", "%00"), "expected the name of a file, received an empty or impossible one")
    elif os.path.lexists(path) or not glob.has_magic(path):
        yield from _below(path) if is_folder(path) else (_file(path),)
    else:
        yield from _matching(path)


def _at_address(name: str) -> Iterator[Given | None]:
    """Yield what an address of scheme ``file`` stands for; it is no pattern."""
    try:
        path = str(local_path_in(name))
    except BadInput as error:
        yield _refused(redacted(name), str(error))
    else:
        yield from _below(path) if is_folder(path) else (_file(path),)


def _matching(pattern: str) -> Iterator[Given | None]:
    deep = "**" in pattern  # its matches hold folders beside what is in them
    every = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - a Path would lose ./ and refuses / in front
    matches = [found for found in every if not (deep and Path(found).is_dir())]
    if not matches:
        yield _refused(pattern, "no file matches this pattern")
    said = len(_FIXED.match(pattern)[0].rpartition("/")[0])  # type: ignore[index]  # of folders that the pattern names
    for found in matches:
        yield from _below(found) if Path(found).is_dir() else (None if junk_reason(found[said:]) else _file(found),)


def _below(folder: str) -> Iterator[Given | None]:
    """Yield every file below a folder, sorted by path; links to folders are not followed."""
    refused: list[Given] = []

    def refuse(error: OSError) -> None:
        refused.append(_refused(str(error.filename), f"the folder cannot be read: {error.strerror}"))

    # os.walk: Path.walk came with Python 3.12.
    every = [
        os.path.join(at, name)  # noqa: PTH118 - two to three times as fast as pathlib, for many thousands
        for at, _, names in os.walk(folder, onerror=refuse)
        for name in names
    ]
    said = len(folder)  # who names a hidden folder means it; what lies below is judged
    files = [None if junk_reason(path[said:]) else _file(path, folder) for path in sorted(every) if _is_regular(path)]
    yield from refused
    if not any(files) and not refused:
        yield _refused(folder, "there is no image in this folder")
    yield from files


def _is_regular(path: str) -> bool:
    """Whether a path is a file or a link to one; a broken link counts, so that it is listed."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return True


def _file(path: str, folder: str = "") -> Given:
    return Given(readable(path), partial(_read_file, path), _folders(path, folder) if folder else (), Path(path))


def _folders(path: str, folder: str) -> tuple[str, ...]:
    """Return ``Given.folders`` of a file below a folder, however that was named: ``.`` has a name, too."""
    own = Path(folder).name or Path(folder).absolute().name
    return tuple(readable(name) for name in (own, *Path(path[len(folder) :].lstrip("/")).parent.parts))


def _read_file(path: str) -> bytes:
    with Path(path).open("rb") as file:
        return _limited(file)


def _limited(file: BinaryIO) -> bytes:
    data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise BadInput(f"larger than {MOST_BYTES / 2**20:,.0f} MiB, which no image that can be used needs")
    return data


def _read_once(stdin: BinaryIO | None) -> Callable[[], bytes]:
    """Return a function that reads standard input at its first call and knows it at the next."""
    known: list[bytes] = []

    def read() -> bytes:
        if stdin is None:
            raise BadInput("there is no standard input here: name files")
        if not known:
            known.append(_limited(stdin))
        return known[0]

    return read


def _refused(name: str, reason: str) -> Given:
    def read() -> bytes:
        raise BadInput(reason)

    return Given(readable(name), read)
