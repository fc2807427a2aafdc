"""The inside of a worker process: it limits its own memory, then answers one line a batch.

In: a list of requests. Out: a line once it is ready, empty or saying why it cannot be; then, for each batch, a list of
answers. A process whose decoder wants more memory than it may have ends with ``OUT_OF_MEMORY``.
"""

import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
from PIL import AvifImagePlugin, Image

from evergreen.errors import BadImage, DecoderFailed, DecodersUnavailable, LargerThanRoom, ValuesWithoutRange
from evergreen.images.door import Range, require_decoders
from evergreen.images.processes.budget import OUT_OF_MEMORY

_OWN_PAGES = Path("/proc/self/statm")


def serve(answer: Callable[[dict[str, Any]], dict[str, Any]], memory: int) -> None:
    """Answer until the input ends.

    A refusal that want of memory may have caused says ``megapixels`` too: the size that bounds what was wanted. One
    for want of ``screen.range`` says ``holds``: the least and greatest value. A picture for which there is too little
    room in this process is answered ``{"larger": megapixels}``.

    Args:
        answer: from a request to its answer; what it raises but MemoryError is a reason to refuse that file.
        memory: bytes of address space that may be added to what the process holds now.
    """
    cv2.setNumThreads(1)  # the workers are the threads
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # each would reserve address space, more of it on a larger machine
    try:
        require_decoders()
    except DecodersUnavailable as error:
        _write(str(error))
        return
    Image.init()
    _limit(memory)
    _write("")
    for line in sys.stdin:
        _write(json.dumps([_answered(answer, request) for request in json.loads(line)]))


def values_of(request: dict[str, Any]) -> Range | None:
    """Return ``values`` of a request as ``open_image`` takes them."""
    given = request.get("values")
    return (given[0], given[1]) if given else None


def _answered(answer: Callable[[dict[str, Any]], dict[str, Any]], request: dict[str, Any]) -> dict[str, Any]:
    try:
        return answer(request)
    except DecoderFailed as error:
        return {"refused": str(error), "megapixels": error.megapixels}
    except ValuesWithoutRange as error:
        return {"refused": str(error), "holds": [error.low, error.high]}
    except LargerThanRoom as error:
        return {"larger": error.megapixels}
    except BadImage as error:
        return {"refused": str(error)}
    except MemoryError:
        sys.exit(OUT_OF_MEMORY)  # what a decoder leaves behind is nobody else's; a new process takes its place
    except Exception as error:  # noqa: BLE001 - whatever one picture does is that picture's
        reason = f"cannot be used: {type(error).__name__}: {error}"[:200]
        return {"refused": reason, "megapixels": request["max_megapixels"]}


def _limit(memory: int) -> None:
    """Limit the address space, where the system can: macOS takes no such limit, there only headers are judged."""
    if not _OWN_PAGES.is_file():
        return
    pages = int(_OWN_PAGES.read_text(encoding="utf-8").split()[0])
    wanted = pages * resource.getpagesize() + memory
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    least = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    resource.setrlimit(resource.RLIMIT_AS, (least, least))


def _write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
