"""Open what was acquired: archives of photos, or a published dataset's own files."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from evergreen.sources.archives import keras_files
from evergreen.sources.archives.members import Member, Told
from evergreen.sources.archives.open import unpack as unpack_archive

if TYPE_CHECKING:
    from evergreen.sections.data import Unpack


def unpack(
    files: Mapping[str, Path], dataset: str | None, folder: Path, limits: "Unpack", told: Told | None = None
) -> Iterator[tuple[str, Member]]:
    """Write every image or other file into ``folder`` and yield (name of the archive, file).

    Args:
        files: name -> path of what was acquired.
        dataset: name in keras.datasets if the files are its published ones; None if they are zips and tars.
        folder: an existing, empty, private folder.
        limits: how much one archive may hold, and how its members are read.
        told: hears what is left out, and how the rest was read.

    Raises:
        BadArchive: a file is hostile, damaged, or no archive; nothing of a hostile one was written.
    """
    if dataset:
        for member in keras_files.unpack(dataset, files, folder):
            yield f"keras:{dataset}", member
        return
    for number, (name, path) in enumerate(sorted(files.items())):
        inside = folder / str(number)
        inside.mkdir()
        for member in unpack_archive(path, inside, name, limits, told):
            yield name, member
