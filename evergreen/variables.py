"""The environment variables of Evergreen: the one place that lists them, reads them, and refuses wrong values.

Others are not ours: the variables of sources' secrets, which a recipe names, of Kaggle's client, and of Prefect.
"""

import difflib
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evergreen.cluster import VARIABLE as DASK_VARIABLE
from evergreen.cluster import held as address_held
from evergreen.errors import BadInput
from evergreen.images.processors import LOGICAL_CPUS, VARIABLE, image_threads_from, logical_cpus_from

PREFIX = "EVERGREEN_"


@dataclass(frozen=True)
class Variable:
    """One variable.

    Attributes:
        name: in the environment; empty counts as not set.
        default: what holds where it is not set, in words.
        meaning: for the documentation.
        expected: what it may hold, in words.
        read: turns its text into its value; raises ValueError for what it may not hold.
    """

    name: str
    default: str
    meaning: str
    expected: str
    read: Callable[[str], Any]


def _gib(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise ValueError(text)
    return value


def _path(text: str) -> str:
    if "\0" in text or not text.strip():
        raise ValueError(text)
    try:
        return str(Path(text).expanduser())
    except RuntimeError:  # ~ of somebody whom this machine does not know
        raise ValueError(text) from None


def _seconds_of_a_lease(text: str) -> float:
    value = float(text)
    if not 5 <= value <= 3600:
        raise ValueError(text)
    return value


def _minutes_between_checkpoints(text: str) -> float:
    if text.strip().lower() == "never":
        return float("inf")
    value = float(text)
    if not 0.05 <= value <= 1440:
        raise ValueError(text)
    return value


STORE = Variable("EVERGREEN_STORE", "`.evergreen` in the working folder", "The folder of the store.", "a folder", _path)
CACHE_GIB = Variable(
    "EVERGREEN_CACHE_GIB",
    "20",
    "How many GiB the caches below the store may take, of decoded pixels, features of frozen backbones and teachers' "
    "answers. Images whose pixels find no room are decoded anew in every epoch; features and answers without room are "
    "held in memory as long as a run needs them.",
    "a number of GiB, 0 or more",
    _gib,
)
THREADS = Variable(
    VARIABLE,
    "as many as this process may use processors",
    "How many threads, or processes while they are screened, work on images.",
    "a whole number of 1 to 1024",
    image_threads_from,
)
REMOTE = Variable(
    "EVERGREEN_REMOTE",
    "none: the store is this machine's alone",
    "What several machines share: a bucket, whose server and keys the variables of S3's tools name "
    "(`AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`), or a folder that is there.",
    "s3://BUCKET/PREFIX, file:///FOLDER or the path of a folder",
    str.strip,  # storage.remote refuses what is no address, without repeating what may be a secret
)
LEASE_SECONDS = Variable(
    "EVERGREEN_LEASE_SECONDS",
    "120",
    "With a remote: how long a training whose machine died keeps other machines waiting. While one goes on, it says so "
    "there four times in that time.",
    "a number of seconds, 5 to 3600",
    _seconds_of_a_lease,
)
CHECKPOINT_MINUTES = Variable(
    "EVERGREEN_CHECKPOINT_MINUTES",
    "5",
    "With a remote: how often at most a training that goes on puts its newest checkpoint there, for a machine that "
    "takes it over.",
    "a number of minutes, 0.05 to 1440, or never",
    _minutes_between_checkpoints,
)
DASK = Variable(
    DASK_VARIABLE,
    "none: all work is done on this machine",
    "The scheduler of a Dask cluster that does what trains: trials of sweeps, folds, the training of a run; `--on` of "
    "sweep and folds goes before it. It also screens images, and computes features. Beyond this machine `tls://` "
    "alone, with certificates in Dask's configuration.",
    "a scheduler's address as tcp://127.0.0.1:8786 or tls://scheduler:8786",
    address_held,
)
LOGICAL = Variable(
    LOGICAL_CPUS,
    "1",
    "For tests alone: how many parts of the processor stand in for GPUs where `train.devices` wants several and there "
    "is no GPU. It makes nothing faster.",
    "a whole number of 1 to 1024",
    logical_cpus_from,
)
VARIABLES = (STORE, CACHE_GIB, THREADS, REMOTE, LEASE_SECONDS, CHECKPOINT_MINUTES, DASK, LOGICAL)


def value_of(variable: Variable, environment: Mapping[str, str] | None = None) -> Any:
    """Return what a variable holds, or None where it is not set.

    Raises:
        BadInput: it holds what it may not.
    """
    text = (os.environ if environment is None else environment).get(variable.name, "")
    if not text:
        return None
    try:
        return variable.read(text)
    except ValueError:
        raise BadInput(f"{variable.name}: expected {variable.expected}; received {text!r}") from None


def check(environment: Mapping[str, str] | None = None) -> list[str]:
    """Read every variable, before anything is done, and return warnings: of names like ours that are none of them.

    Those are no errors: a recipe may name such a variable for a secret of its source. A locale in which not every file
    can be named is warned of too.

    Raises:
        BadInput: a variable holds what it may not.
    """
    held = os.environ if environment is None else environment
    for variable in VARIABLES:
        value_of(variable, held)
    known = [variable.name for variable in VARIABLES]
    warnings = []
    if sys.getfilesystemencoding() != "utf-8":
        warnings.append(
            f"this locale's file names are {sys.getfilesystemencoding()}: a file whose name has other letters is not "
            "found; set PYTHONUTF8=1, or LC_ALL to a locale with UTF-8"
        )
    for name in sorted(name for name in held if name.startswith(PREFIX) and name not in known):
        near = difflib.get_close_matches(name.removeprefix(PREFIX), [one.removeprefix(PREFIX) for one in known], n=1)
        hint = f"did you mean {PREFIX}{near[0]}?" if near else f"there are: {', '.join(known)}"
        warnings.append(f"{name} is no variable of Evergreen and changes nothing, unless a recipe names it; {hint}")
    return warnings
