"""What a service and its workers say to each other over a pipe: a head in JSON, and bytes behind it.

A frame is two big-endian 32-bit lengths, the head's and the body's, then the head as UTF-8 JSON, then the body.
"""

import asyncio
import json
import struct
from typing import IO, Any

_LENGTHS = struct.Struct("!II")
MOST_BYTES = 2**32 - 1

Head = dict[str, Any]


class Closed(Exception):
    """The other side ended, or says what is no frame."""


def packed(head: Head, body: bytes = b"") -> list[bytes]:
    """Return the parts of a frame, in order.

    Args:
        head: plain JSON values.
        body: of less than 4 GiB.
    """
    said = json.dumps(head).encode()
    return [_LENGTHS.pack(len(said), len(body)) + said, body]


def write(file: IO[bytes], head: Head, body: bytes = b"") -> None:
    """Write a frame, and flush it."""
    for part in packed(head, body):
        file.write(part)
    file.flush()


def read(file: IO[bytes]) -> tuple[Head, bytes]:
    """Return the next frame.

    Raises:
        Closed: there is none.
    """
    head, body = _LENGTHS.unpack(_whole(file, _LENGTHS.size))
    said: Head = json.loads(_whole(file, head))
    return said, _whole(file, body)


async def receive(reader: asyncio.StreamReader) -> tuple[Head, bytes]:
    """Return the next frame; raises as ``read``."""
    try:
        head, body = _LENGTHS.unpack(await reader.readexactly(_LENGTHS.size))
        said: Head = json.loads(await reader.readexactly(head))
        return said, await reader.readexactly(body)
    except (asyncio.IncompleteReadError, ConnectionError, ValueError) as error:
        raise Closed(str(error)) from error


def _whole(file: IO[bytes], size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise Closed(f"expected {size:,} bytes, received {len(data):,}")
    return data
