"""The datasets of keras.datasets: their published archives, fetched as any URL is.

Addresses and digests are those that Keras 3 states (keras/src/datasets); Keras states none for Fashion-MNIST.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from evergreen.sources import http_source
from evergreen.sources.fetching.context import Kept, SourceContext

if TYPE_CHECKING:
    from evergreen.sections.data import HttpSource, KerasSource

_TORONTO = "https://www.cs.toronto.edu/~kriz/"
_GOOGLE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"

# Dataset -> the files to fetch: address -> SHA-256, or None where nobody states it.
PUBLISHED: dict[str, dict[str, str | None]] = {
    "cifar10": {
        f"{_TORONTO}cifar-10-python.tar.gz": "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
    },
    "cifar100": {
        f"{_TORONTO}cifar-100-python.tar.gz": "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"
    },
    "mnist": {f"{_GOOGLE}mnist.npz": "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"},
    "fashion_mnist": {
        f"{_GOOGLE}{name}": None
        for name in (
            "train-images-idx3-ubyte.gz",
            "train-labels-idx1-ubyte.gz",
            "t10k-images-idx3-ubyte.gz",
            "t10k-labels-idx1-ubyte.gz",
        )
    },
}


def version(source: "KerasSource", context: SourceContext) -> dict[str, Any]:
    """Return the version of the published files; as ``http_source.version``, with the dataset's own address."""
    return http_source.version(_files(source), context) | {"address": f"keras:{source.name}"}


def acquire(source: "KerasSource", versions: Mapping[str, str], context: SourceContext) -> dict[str, Kept]:
    """Fetch the published files; as ``http_source.acquire``."""
    return http_source.acquire(_files(source), versions, context)


def _files(source: "KerasSource") -> "HttpSource":
    from evergreen.sections.data import HttpFile, HttpSource

    files = tuple(HttpFile(url=url, sha256=digest) for url, digest in PUBLISHED[source.name].items())
    settings = {name: getattr(source, name) for name in ("attempts", "stall_seconds", "pause_seconds")}
    return HttpSource(files=files, **settings)
