"""What is downloaded in tests of downloads, and what may be left of it."""

import base64
import gzip
import hashlib
import random

from evergreen.sources.fetching.context import SourceContext
from evergreen.sources.fetching.download import CHUNK

DATA = random.Random(1).randbytes(3 * CHUNK + 12345)
OTHER = random.Random(2).randbytes(len(DATA))
PACKED = gzip.compress(DATA, 1)


def leftovers(context: SourceContext) -> list[str]:
    """Return the names of what lies where downloads are, but for what is remembered of them."""
    return [path.name for path in context.downloads.iterdir() if path.suffix != ".json"]


def base64_of(name: str, data: bytes) -> str:
    """Return the digest of that name as headers state it."""
    return base64.b64encode(hashlib.new(name, data).digest()).decode()
