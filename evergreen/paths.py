"""Paths in a person's words: any words may come, also ones that no file can be called by.

pathlib answers some of these with an error (a name of 300 letters, ``~`` of nobody); whoever asks whether there is
something wants no for an answer.
"""

import errno
import os
from pathlib import Path


def path_of(words: str | Path) -> Path:
    """Return a path, its ``~`` expanded where this machine knows whose home that is."""
    return Path(os.path.expanduser(words))  # noqa: PTH111 - Path.expanduser raises where it does not


def is_file(path: Path) -> bool:
    """Whether there is a file that this user can see; links are followed."""
    return os.path.isfile(path)  # noqa: PTH113 - Path.is_file raises for names that are too long


def is_folder(path: str | Path) -> bool:
    """Whether there is a folder that this user can see; links are followed."""
    return os.path.isdir(path)  # noqa: PTH112 - as above


def is_there(path: Path) -> bool:
    """Whether there is anything that this user can see; links are followed."""
    return os.path.exists(path)  # noqa: PTH110 - as above


def can_be_named(path: Path) -> bool:
    """Whether a file or folder could be called by this path, as far as the system says before it is made."""
    try:
        os.lstat(path)
    except OSError as error:
        return error.errno != errno.ENAMETOOLONG
    except ValueError:  # a NUL, or a letter that file names here do not know
        return False
    return True
