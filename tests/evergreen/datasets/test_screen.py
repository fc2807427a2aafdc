"""evergreen.datasets.screen: accepted and quarantined add up, whatever a decoder does."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hostile_images import EPS, icns, ico, jpeg2000, thin_png
from hostile_images import png as claimed
from PIL import Image

from evergreen.datasets import worker, workers
from evergreen.datasets.screen import Screened, screen
from evergreen.errors import DecodersUnavailable
from evergreen.sections.data import Screen


class Files:
    """Bytes by digest, as a store has them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: list[tuple[str, str, str, int, str]] = []

    def add(self, path: str, data: bytes, subset: str = "") -> None:
        digest = hashlib.sha256(data).hexdigest()
        (self.folder / digest).write_bytes(data)
        label = "" if subset == "unlabelled" else path.partition("/")[0]
        self.rows.append((path, label, digest, len(data), subset))

    def read(self, digest: str) -> bytes:
        data = (self.folder / digest).read_bytes()
        if hashlib.sha256(data).hexdigest() != digest:
            raise LookupError(f"{digest[:6]} is damaged")
        return data

    def path(self, digest: str) -> Path:
        return self.folder / digest

    @property
    def table(self) -> pd.DataFrame:
        return pd.DataFrame(self.rows, columns=["path", "label", "sha256", "bytes", "subset"])

    def screen(self, known: Any = None, **settings: Any) -> Screened:
        return screen(self.table, self.read, self.path, Screen(**settings), known or Remembered())


class Remembered:
    """Answers kept in memory, and how many were asked for anew."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.put_calls = 0

    def get(self, keys: Any) -> dict[str, Any]:
        return {key: self.values[key] for key in keys if key in self.values}

    def put(self, values: Any) -> None:
        self.put_calls += len(values)
        self.values |= values


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@pytest.fixture
def mixed(files: Files, png: Callable[..., bytes]) -> Files:
    for path, data in {
        "a/1": png(1), "a/2": png(2), "a/3": png(1), "b/1": png(4), "b/2": png(2), "b/3": b"", "b/4": b"<html>",
    }.items():  # fmt: skip
        files.add(path, data)
    return files


def test_every_file_is_accepted_or_quarantined(mixed: Files) -> None:
    found = mixed.screen()
    assert sorted([*found.accepted["path"], *found.quarantine["path"]]) == sorted(mixed.table["path"])
    reasons = dict(zip(found.quarantine["path"], found.quarantine["reason"], strict=True))
    assert "not a readable image" in reasons.pop("b/4")
    assert reasons == {
        "a/2": "the same pixels stand under another label",
        "b/2": "the same pixels stand under another label",
        "b/3": "empty file",
    }
    assert list(zip(found.duplicates["path"], found.duplicates["same_as"], strict=True)) == [("a/3", "a/1")]
    assert set(found.accepted[["width", "height", "format"]].itertuples(index=False, name=None)) == {(12, 10, "PNG")}
    assert found.accepted["brightness"].between(100, 140).all()
    assert (found.accepted["sharpness"] > 0).all()


def test_conflicting_labels_can_be_kept(mixed: Files) -> None:
    assert {"a/2", "b/2"} <= set(mixed.screen(conflicts="keep").accepted["path"])


def test_an_unlabelled_copy_is_no_conflict(files: Files, png: Callable[..., bytes]) -> None:
    files.add("a/1", png(1))
    files.add("unlabelled/1", png(1), "unlabelled")
    assert len(files.screen().accepted) == 2


def test_a_dataset_of_bad_files_alone_is_all_quarantined(files: Files) -> None:
    files.add("a/1", b"")
    found = files.screen()
    assert (len(found.accepted), len(found.quarantine)) == (0, 1)


def test_the_limit_in_megapixels_is_the_recipes(files: Files, png: Callable[..., bytes]) -> None:
    files.add("a/1", png(1, (200, 100)))
    assert "over the limit of 0.01" in files.screen(max_megapixels=0.01).quarantine["reason"].iloc[0]


def test_near_duplicates_are_named_with_their_distance(files: Files, png: Callable[..., bytes]) -> None:
    big = Image.effect_noise((64, 64), 90).resize((256, 256)).convert("RGB")
    for name, size, quality in (("a/1", (256, 256), 95), ("a/2", (240, 240), 60)):
        data = io.BytesIO()
        big.resize(size).save(data, "JPEG", quality=quality)
        files.add(name, data.getvalue())
    files.add("a/3", png(3, (64, 64)))
    found = files.screen(near_duplicate_bits=6)
    assert list(zip(found.near_duplicates["path"], found.near_duplicates["near"], strict=True)) == [("a/2", "a/1")]
    assert files.screen(near_duplicate_bits=0).near_duplicates.empty


def test_a_hundred_new_images_cost_a_hundred(files: Files, png: Callable[..., bytes], monkeypatch: Any) -> None:
    asked: list[int] = []
    real = workers.measure_all
    monkeypatch.setattr(
        "evergreen.datasets.screen.measure_all",
        lambda requests, count, *limits: [asked.append(count), real(requests, count, *limits)][1],
    )
    known = Remembered()
    for number in range(250):
        files.add(f"a/{number}", png(number, (6, 5)))
    first = files.screen(known)
    for number in range(250, 350):
        files.add(f"b/{number}", png(number, (6, 5)))
    second = files.screen(known)
    third = files.screen(known)
    assert asked == [250, 100]
    assert known.put_calls == 350
    pd.testing.assert_frame_equal(second.accepted.head(250), first.accepted)
    pd.testing.assert_frame_equal(third.accepted, second.accepted)


# -- decoders that crash or hang ---------------------------------------------------------------------------------------

_BAD_WORKER = """
import json, os, signal, sys, time
sys.stdout.write("\\n"); sys.stdout.flush()
for line in sys.stdin:
    answers = []
    for request in json.loads(line):
        data = open(request["path"], "rb").read()
        if data == b"crash": os.kill(os.getpid(), signal.SIGSEGV)
        if data == b"exit": sys.exit(3)
        if data == b"hang": time.sleep(100)
        answers.append({"width": 1, "height": 1, "mode": "L", "format": "PNG", "pixels": request["sha256"],
                        "brightness": 1.0, "sharpness": 1.0, "phash": request["sha256"][:16]})
    print(json.dumps(answers), flush=True)
"""


@pytest.fixture
def bad_decoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers that crash on a file that says so, and hang on another."""
    script = tmp_path / "bad_worker.py"
    script.write_text(_BAD_WORKER)
    real = worker.subprocess.Popen
    monkeypatch.setattr(
        worker.subprocess, "Popen", lambda command, **options: real([command[0], str(script)], **options)
    )


@pytest.mark.usefixtures("bad_decoder")
def test_a_crash_and_a_hang_cost_one_file_each(files: Files) -> None:
    contents = [b"fine%d" % number for number in range(600)]
    for position, bad in ((3, b"crash"), (4, b"crash"), (200, b"hang"), (201, b"exit"), (599, b"crash")):
        contents[position] = bad
    for number, data in enumerate(contents):
        files.add(f"a/{number:03d}", data)
    known = Remembered()
    found = files.screen(known, seconds_per_image=0.5)
    reasons = dict(zip(found.quarantine["path"], found.quarantine["reason"], strict=True))
    crashed = "the decoder crashed (SIGSEGV)"
    assert reasons == {
        "a/003": crashed,
        "a/004": crashed,
        "a/200": "the decoder took over 0.5 s",
        "a/201": "the decoder crashed (exit code 3)",
        "a/599": crashed,
    }
    assert len(found.accepted) == 595
    assert known.put_calls == 595  # what was lost is tried again


def test_workers_that_do_not_start_are_no_fault_of_the_images(files: Files, monkeypatch: Any) -> None:
    real = worker.subprocess.Popen
    monkeypatch.setattr(
        worker.subprocess,
        "Popen",
        lambda command, **options: real([command[0], "-c", "raise SystemExit(1)"], **options),
    )
    files.add("a/1", b"x")
    with pytest.raises(DecodersUnavailable, match="does not start: try"):
        files.screen()


def test_a_worker_whose_pillow_lacks_a_format_says_so_and_accuses_no_image(files: Files, monkeypatch: Any) -> None:
    real = worker.subprocess.Popen
    without = (
        "from PIL import features; check = features.check; "
        "features.check = lambda name: name != 'avif' and check(name); "
        "import sys; sys.argv = sys.argv[1:]; from evergreen.datasets.measure_worker import main; main()"
    )
    monkeypatch.setattr(
        worker.subprocess,
        "Popen",
        lambda command, **options: real([command[0], "-c", without, *command[2:]], **options),
    )
    files.add("a/1", b"x")
    with pytest.raises(DecodersUnavailable, match="this one lacks AVIF: install the wheel"):
        files.screen()


# -- decoders that would take memory without end, or start a program --------------------------------------------------


def test_hostile_pictures_are_quarantined_and_cost_no_other(files: Files, png: Callable[..., bytes]) -> None:
    giant, small = (60_000, 60_000), (64, 64)
    for name, data in {
        "png": claimed(30_000, 30_000),
        "ico": ico(claimed(30_000, 30_000)),
        "icns": icns(jpeg2000(giant, giant)),
        "lying icns": icns(jpeg2000(small, giant)),
        "lying jpeg2000": jpeg2000(small, giant),
        "eps": EPS,
        "fine icns": icns(jpeg2000(small, small)),
        "fine thin": thin_png(40_000, 1),
        "fine png": png(1),
    }.items():
        files.add(f"a/{name}", data)
    found = files.screen()
    assert sorted(found.accepted["path"]) == ["a/fine icns", "a/fine png", "a/fine thin"]
    reasons = dict(zip(found.quarantine["path"], found.quarantine["reason"], strict=True))
    assert reasons["a/png"] == reasons["a/ico"] == "900 megapixels, over the limit of 50"
    assert reasons["a/icns"] == "3600 megapixels, over the limit of 50"
    # Its decoder meets a stream of another size than the header's, before it asks for the memory of either.
    broken = "not a readable image: broken data stream when reading image file"
    assert reasons["a/lying icns"] == reasons["a/lying jpeg2000"] == broken
    assert "EPS or PostScript is none of the formats that are read; convert it to one of JPEG" in reasons["a/eps"]


def test_a_decoder_that_wants_more_memory_than_it_may_have_costs_one_file(
    files: Files, png: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "free_memory", lambda: 160 * 2**20)
    data = io.BytesIO()
    Image.new("RGBA", (5000, 4000), (1, 2, 3, 4)).save(data, "PNG")  # 20 megapixels, decoded to over 500 MB
    files.add("a/greedy", data.getvalue())
    files.add("a/text", b"text")
    for number in range(20):
        files.add(f"a/{number:02}", png(number))
    known = Remembered()
    found = files.screen(known)
    assert len(found.accepted) == 20
    reasons = dict(zip(found.quarantine["path"], found.quarantine["reason"], strict=True))
    assert reasons["a/greedy"] == "the decoder wanted more than 128 MiB of memory, all that this machine has free"
    assert known.put_calls == 20  # on a machine with more memory, a refusal may be none


def test_damaged_bytes_are_the_keepers_matter(files: Files, png: Callable[..., bytes]) -> None:
    files.add("a/1", png(1))
    next(files.folder.iterdir()).write_bytes(b"altered")
    with pytest.raises(LookupError, match="is damaged"):
        files.screen()
