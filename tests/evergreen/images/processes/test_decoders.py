"""evergreen.images.processes.decoders: the door, for a process that must outlive every picture."""

import io
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hostile_images import EPS, icns, jpeg2000, saved
from PIL import Image

from evergreen.errors import BadImage
from evergreen.images.door import Picture, open_image
from evergreen.images.processes import decoders
from evergreen.images.processes.decoders import Decoders

NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 30, 3), np.uint8))


def test_every_format_gives_what_the_door_gives_and_plain_ones_start_no_worker(png: Callable[..., bytes]) -> None:
    plain = [png(1), *(saved(NOISE, kind) for kind in ("JPEG", "GIF", "BMP", "PPM"))]
    others = [saved(NOISE, kind) for kind in ("WEBP", "TIFF", "AVIF", "HEIF", "JPEG2000", "ICO")]
    with Decoders(1) as pool:
        for data in plain:
            assert np.array_equal(pool.decode(data), open_image(data).pixels)
        assert pool._workers[0]._process is None
        for data in others:
            assert np.array_equal(pool.decode(data), open_image(data).pixels)
        process = pool._workers[0]._process
        assert process is not None
    assert process.poll() is not None


def test_what_the_door_refuses_is_refused_in_its_words() -> None:
    with Decoders(1) as pool:
        for data in (
            b"",
            b"<html>",
            EPS,
            saved(NOISE, "TIFF")[:300],
            icns(jpeg2000((60_000, 60_000), (60_000, 60_000))),
        ):
            with pytest.raises(BadImage) as theirs:
                open_image(data)
            with pytest.raises(BadImage) as ours:
                pool.decode(data)
            assert str(ours.value) == str(theirs.value)


def test_a_greedy_decoder_costs_its_picture_and_threads_share_few_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoders, "free_memory", lambda: 160 * 2**20)
    greedy = saved(Image.new("RGBA", (5000, 4000)), "WEBP", lossless=True, method=0)
    fine = saved(NOISE, "TIFF")
    answers: dict[int, np.ndarray | str] = {}
    with Decoders(8) as pool:

        def one(number: int, data: bytes) -> None:
            try:
                answers[number] = pool.decode(data)
            except BadImage as error:
                answers[number] = str(error)

        given = [fine, greedy, fine, fine]
        threads = [threading.Thread(target=one, args=pair) for pair in enumerate(given)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(pool._workers) == 1
    assert isinstance(answers[1], str)
    assert all(np.array_equal(answers[number], np.asarray(NOISE)) for number in (0, 2, 3))


def test_plain_pictures_share_the_memory_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoders, "free_memory", lambda: 160 * 2**20)
    at_once, most, lock = 0, 0, threading.Lock()

    def slowly(*_: object) -> Picture:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.01)
        with lock:
            at_once -= 1
        return open_image(saved(NOISE, "PNG"))

    monkeypatch.setattr(decoders, "open_image", slowly)
    with Decoders(8) as pool:
        threads = [threading.Thread(target=pool.decode, args=(b"",)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert most == 1


def test_a_large_picture_of_any_format_is_opened_alone_in_a_process_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decoders, "ORDINARY", 0.001)
    with Decoders(2, max_megapixels=0.1) as pool:
        for kind in ("JPEG", "PNG", "WEBP"):
            data = saved(NOISE, kind)
            assert np.array_equal(pool.decode(data), open_image(data).pixels)
        assert pool._large._process is not None
        with pytest.raises(BadImage, match=r"over the limit of 0\.1"):
            pool.decode(saved(Image.new("L", (400, 300)), "PNG"))


@pytest.mark.parametrize("kind", ["progressive", "letters"])
def test_a_plain_picture_that_takes_its_time_is_given_up(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Some bytes that cost many times the picture: an empty scan is gone through pixel by pixel."""
    if kind == "letters":
        data = b"P3 3000 1000 255 " + b"200 " * 9_000_000
    else:
        data = saved(Image.new("L", (3000, 3000)), "JPEG", progressive=True)
        scan = data[data.rindex(b"\xff\xda") : -2]
        data = data[:-2] + scan * 2000 + data[-2:]
    with Decoders(1, seconds_each=1) as pool, pytest.raises(BadImage, match="the decoder took over 1 s"):
        pool.decode(data)


def test_values_reach_pictures_in_this_process_and_in_workers() -> None:
    deep = Image.fromarray(np.linspace(0, 4095, 1024).reshape(32, 32).astype(np.uint16))
    with Decoders(1, values=(0, 4095)) as pool:
        for kind in ("PNG", "TIFF"):
            assert np.array_equal(
                pool.decode(saved(deep, kind)), open_image(saved(deep, kind), values=(0, 4095)).pixels
            )


def test_nothing_is_left_in_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Decoders(1) as pool:
        pool.decode(saved(NOISE, "TIFF"))
        with pytest.raises(BadImage):
            pool.decode(io.BytesIO(saved(NOISE, "TIFF")).read(200))
    assert list(tmp_path.iterdir()) == []
