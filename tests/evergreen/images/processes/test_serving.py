"""evergreen.images.processes.serving: an answer for every request; want of memory ends the process."""

from typing import Any

import pytest

from evergreen.errors import BadImage, DecoderFailed, LargerThanRoom, ValuesWithoutRange
from evergreen.images.processes.budget import OUT_OF_MEMORY
from evergreen.images.processes.serving import _answered

REQUEST = {"max_megapixels": 50}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (BadImage("too large"), {"refused": "too large"}),
        (ValuesWithoutRange("32 bits", -1, 5), {"refused": "32 bits", "holds": [-1, 5]}),
        (LargerThanRoom(30), {"larger": 30}),
        (DecoderFailed("torn", 1.5), {"refused": "torn", "megapixels": 1.5}),
        (
            ZeroDivisionError("of the decoder's"),
            {"refused": "cannot be used: ZeroDivisionError: of the decoder's", "megapixels": 50},
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_a_picture_raises_is_a_reason_to_refuse_it(error: Exception, said: dict[str, Any]) -> None:
    def refuse(_: dict[str, Any]) -> dict[str, Any]:
        raise error

    assert _answered(refuse, REQUEST) == said


def test_want_of_memory_ends_the_process() -> None:
    def refuse(_: dict[str, Any]) -> dict[str, Any]:
        raise MemoryError

    with pytest.raises(SystemExit) as ended:
        _answered(refuse, REQUEST)
    assert ended.value.code == OUT_OF_MEMORY
