"""evergreen.serving.wire: what is written is read, whole, on either side; half of it is no frame."""

import asyncio
import io

import pytest

from evergreen.serving import wire

FRAMES = [({"do": "close", "model": "ä\n"}, b""), ({}, b"\0\xff" * 70_000), ({"seconds": 0.25}, b"x")]


def written() -> bytes:
    file = io.BytesIO()
    for head, body in FRAMES:
        wire.write(file, head, body)
    return file.getvalue()


def test_frames_are_read_as_they_were_written() -> None:
    file = io.BytesIO(written())
    assert [wire.read(file) for _ in FRAMES] == FRAMES
    with pytest.raises(wire.Closed):
        wire.read(file)


def test_the_event_loop_reads_the_same() -> None:
    async def received(data: bytes) -> list[tuple[wire.Head, bytes]]:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        return [await wire.receive(reader) for _ in FRAMES]

    assert asyncio.run(received(written())) == FRAMES
    for cut in (len(written()) - 1, 3):
        with pytest.raises(wire.Closed):
            asyncio.run(received(written()[:cut]))


@pytest.mark.parametrize("cut", [1, 7, 9, 40, 1000])
def test_half_a_frame_is_none(cut: int) -> None:
    with pytest.raises(wire.Closed):
        file = io.BytesIO(written()[:cut])
        for _ in FRAMES:
            wire.read(file)
