"""evergreen.datasets.screen: accepted and quarantined add up, whatever a decoder does."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hostile_images import EPS, heic, icns, ico, jpeg2000, saved, thin_png
from hostile_images import png as claimed
from PIL import Image

from evergreen.datasets import workers
from evergreen.datasets.screen import CONFLICT, Screened, screen
from evergreen.datasets.split import leakage, split
from evergreen.errors import BadDataset, DecodersUnavailable
from evergreen.images.processes import budget, worker
from evergreen.release.shared import shared_images
from evergreen.sections.data import Screen
from evergreen.sections.split import Split


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
        return screen(self.table, self.read, self.path, Screen(**settings), known or Remembered(), 2)


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


def test_equal_pixels_of_two_sources_are_one_image_and_under_two_labels_a_conflict(
    files: Files, png: Callable[..., bytes]
) -> None:
    again = io.BytesIO()
    Image.open(io.BytesIO(png(1))).save(again, "PNG", compress_level=1)
    assert again.getvalue() != png(1)
    for path, data in {
        "a/1": png(1),
        "a/1 again": again.getvalue(),
        "a/2": png(2),
        "b/2": png(2),
        "a/3": png(3),
    }.items():
        files.add(path, data)
    files.add("a/3 again", png(3))
    sources = pd.DataFrame({"path": files.table["path"], "source": ["A", "B", "A", "B", "A", "A"]})
    found = screen(files.table, files.read, files.path, Screen(), Remembered(), 1, sources)
    assert list(found.accepted["path"]) == ["a/1", "a/3", "a/3 again"]
    assert dict(zip(found.quarantine["path"], found.quarantine["reason"], strict=True)) == {
        "a/1 again": "the same pixels as an image of another source: counted once",
        "a/2": "the same pixels stand under another label in another source",
        "b/2": "the same pixels stand under another label in another source",
    }
    sources["source"] = "A"
    alone = screen(files.table, files.read, files.path, Screen(), Remembered(), 1, sources)
    assert set(alone.quarantine["reason"]) == {CONFLICT}


def test_a_dataset_of_bad_files_alone_is_all_quarantined(files: Files) -> None:
    files.add("a/1", b"")
    found = files.screen()
    assert (len(found.accepted), len(found.quarantine)) == (0, 1)


def test_the_limit_in_megapixels_is_the_recipes(files: Files, png: Callable[..., bytes]) -> None:
    files.add("a/1", png(1, (200, 100)))
    assert "over the limit of 0.01" in files.screen(max_megapixels=0.01).quarantine["reason"].iloc[0]


DARK = np.linspace(0, 4000, 1024).reshape(32, 32).astype(np.uint16)


def test_dark_images_of_16_bits_end_the_screening_with_a_question_whose_lines_answer_it(files: Files) -> None:
    files.add("a/deep", saved(Image.fromarray(DARK)))
    files.add("a/colours", saved(Image.fromarray(DARK // 2), "TIFF"))
    files.add("a/flat", saved(Image.fromarray((DARK // 16).astype(np.uint8))))
    known = Remembered()
    for _ in range(2):  # the second time from memory
        with pytest.raises(BadDataset) as error:
            files.screen(known)
        assert "found 2 images with 16 bits a channel (a/deep, a/colours) that hold no value over 4,000 (a/deep)" in (
            str(error.value)
        )
    assert known.put_calls == 3
    for line, brightest in (("screen.range: [0, 4095]", 250), ("screen.range: [0, 65535]", 16)):
        assert line in str(error.value)
        found = files.screen(range=yaml.safe_load(line)["screen.range"])
        assert found.quarantine.empty
        assert found.accepted["brightness"].iloc[0] == pytest.approx(brightest / 2, abs=1)


def test_one_bright_image_of_16_bits_answers_for_all(files: Files) -> None:
    files.add("a/dark", saved(Image.fromarray(DARK)))
    files.add("a/bright", saved(Image.fromarray(DARK * 16)))
    assert len(files.screen().accepted) == 2


def test_numbers_without_a_range_are_quarantined_beside_others_and_asked_about_without(files: Files) -> None:
    files.add("a/float", saved(Image.fromarray(DARK.astype(np.float32)), "TIFF"))
    files.add("a/broken", b"text")
    with pytest.raises(BadDataset, match=r"that hold 0 to 4000, and no other image.*\n  screen\.range: \[0, 4095\]"):
        files.screen()
    files.add("a/flat", saved(Image.fromarray((DARK // 16).astype(np.uint8))))
    found = files.screen()
    assert "screen.range: [low, high]" in found.quarantine.set_index("path")["reason"]["a/float"]
    assert files.screen(range=(0, 4095)).quarantine["path"].tolist() == ["a/broken"]


def test_larger_pictures_wait_for_workers_with_more_memory(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "ORDINARY", 0.01)
    asked: list[float] = []
    real = workers.budget
    monkeypatch.setattr(workers, "budget", lambda most, *rest: asked.append(most) or real(most, *rest))
    for side in (50, 101, 140, 300):
        files.add(f"a/{side}", saved(Image.effect_noise((side, side), 50)))
    files.add("a/icon", ico(saved(Image.effect_noise((130, 130), 50))))
    files.add("a/giant", claimed(20_000, 20_000))
    found = files.screen()
    assert sorted(found.accepted["path"]) == ["a/101", "a/140", "a/300", "a/50", "a/icon"]
    assert found.quarantine["reason"].tolist() == ["400 megapixels, over the limit of 150"]
    assert asked[:5] == [0.01, 0.02, 0.04, 0.08, 0.16]
    assert asked[-1] == 150


def test_plain_pictures_are_near_nobody_and_equal_ones_are_still_found(files: Files) -> None:
    for number in range(6):
        files.add(f"a/{number}", saved(Image.new("RGB", (40, 30), (number * 9, 200, 255 - number))))
    files.add("a/again", saved(Image.new("RGB", (40, 30), (0, 200, 255)), "BMP"))
    found = files.screen(near_duplicate_bits=16)
    assert set(found.accepted["phash"]) == {""}
    assert found.near_duplicates.empty
    assert found.duplicates["path"].tolist() == ["a/again"]


@pytest.mark.parametrize("method", ["exact", "stable"])
def test_plain_swatches_are_divided_like_any_pictures(files: Files, method: str) -> None:
    for number in range(40):
        colour = (number * 6, 255 - number * 5, number * 3 + 90)
        files.add(f"{'ab'[number % 2]}/{number:02}", saved(Image.new("RGB", (40, 30), colour)))
    found = files.screen()
    settings = Split(method=method, validation=0.2, test=0.2, group=("near-duplicates",))
    groups = pd.DataFrame({"path": [], "group": []}, dtype=str)
    divided = split(found.accepted, groups, ["a", "b"], settings, 1, 3)
    assert (len(divided.dataset), len(divided.aside)) == (40, 0)
    assert leakage(divided.dataset, 3).empty
    assert not shared_images(divided.dataset, divided.dataset.assign(split="train", pixels="other"), 3).near


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


def _counted(requests: Any, asked: list[str]) -> Any:
    for request in requests:
        asked.append(request.sha256)
        yield request


def test_a_hundred_new_images_cost_a_hundred(files: Files, png: Callable[..., bytes], monkeypatch: Any) -> None:
    asked: list[str] = []
    real = workers.measure_all
    monkeypatch.setattr(
        "evergreen.datasets.screen.measure_all",
        lambda requests, *rest: real(_counted(requests, asked), *rest),
    )
    known = Remembered()
    for number in range(250):
        files.add(f"a/{number}", png(number, (6, 5)))
    first = files.screen(known)
    for number in range(250, 350):
        files.add(f"b/{number}", png(number, (6, 5)))
    second = files.screen(known)
    third = files.screen(known)
    assert len(asked) == 350
    assert known.put_calls == 350
    pd.testing.assert_frame_equal(second.accepted.head(250), first.accepted)
    pd.testing.assert_frame_equal(third.accepted, second.accepted)


# -- decoders that crash or hang ---------------------------------------------------------------------------------------

_BAD_WORKER = """
import json, os, signal, subprocess, sys, time
sys.stdout.write("\\n"); sys.stdout.flush()
for line in sys.stdin:
    answers = []
    for request in json.loads(line):
        data = open(request["path"], "rb").read()
        if data == b"crash": os.kill(os.getpid(), signal.SIGSEGV)
        if data == b"exit": sys.exit(3)
        if data == b"hang": time.sleep(100)
        if data == b"spin":
            while True: pass
        if data == b"always killed": os.kill(os.getpid(), signal.SIGKILL)
        if data.startswith(b"once") and not os.path.exists(request["path"] + ".seen"):
            open(request["path"] + ".seen", "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        if data == b"stopped":
            waker = subprocess.Popen(["sh", "-c", f"sleep 1.2; kill -CONT {os.getpid()}"])
            os.kill(os.getpid(), signal.SIGSTOP)
            waker.wait()
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


@pytest.mark.usefixtures("bad_decoder")
def test_a_decoder_that_computes_without_end_is_given_up(files: Files) -> None:
    files.add("a/1", b"fine")
    files.add("a/2", b"spin")
    found = files.screen(seconds_per_image=0.5)
    assert found.quarantine[["path", "reason"]].to_numpy().tolist() == [["a/2", "the decoder took over 0.5 s"]]


@pytest.mark.usefixtures("bad_decoder")
def test_pictures_lost_to_a_busy_moment_are_asked_again_and_kept(files: Files) -> None:
    for number, data in enumerate((b"fine", b"once 1", b"stopped", b"once 2")):
        files.add(f"a/{number}", data)
    known = Remembered()
    found = files.screen(known, seconds_per_image=1.2)
    assert found.quarantine.empty
    assert sorted(found.accepted["path"]) == ["a/0", "a/1", "a/2", "a/3"]
    assert known.put_calls == 4


@pytest.mark.usefixtures("bad_decoder")
def test_pictures_that_the_machine_keeps_from_an_answer_end_the_screening_and_are_never_quarantined(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_PATIENCE", 2)
    for number in range(5):
        files.add(f"a/{number}", b"fine%d" % number)
    files.add("a/killed", b"always killed")
    files.add("a/crash", b"crash")
    known = Remembered()
    with pytest.raises(DecodersUnavailable) as error:
        files.screen(known, seconds_per_image=5)
    assert "too little for a/killed (the decoder crashed (SIGKILL)), also when each" in str(error.value)
    assert known.put_calls == 5  # the next run asks for the two others alone


@pytest.mark.usefixtures("bad_decoder")
def test_a_decoder_that_never_gets_its_turn_is_no_fault_of_its_picture(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_PATIENCE", 2)
    files.add("a/1", b"stopped")
    with pytest.raises(DecodersUnavailable, match=r"over 0\.4 s, most of which it waited for its turn"):
        files.screen(seconds_per_image=0.2)


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
        "heic": heic(giant),
        "lying heic": heic((8, 8)),
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
    assert reasons["a/png"] == reasons["a/ico"] == "900 megapixels, over the limit of 150"
    assert reasons["a/heic"] == reasons["a/icns"] == "3600 megapixels, over the limit of 150"
    assert "not have the size signaled in the file" in reasons["a/lying heic"]
    # Its decoder meets a stream of another size than the header's, before it asks for the memory of either.
    broken = "not a readable image: broken data stream when reading image file"
    assert reasons["a/lying icns"] == reasons["a/lying jpeg2000"] == broken
    assert "this is an EPS or PostScript file; convert it to one of JPEG" in reasons["a/eps"]


def test_a_machine_without_the_memory_for_a_picture_does_not_judge_it(
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
    with pytest.raises(DecodersUnavailable) as error:
        files.screen(known)
    assert "a/greedy (the decoder wanted more than 128 MiB of memory, all that this machine has free)" in str(
        error.value
    )
    assert known.put_calls == 21  # text is none on any machine
    monkeypatch.setattr(workers, "free_memory", budget.free_memory)
    found = files.screen(known)
    assert len(found.accepted) == 21
    assert list(found.quarantine["path"]) == ["a/text"]


def test_a_refusal_is_the_pictures_where_it_may_not_have_wanted_more_memory_than_there_was(
    files: Files, png: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    large = io.BytesIO()
    Image.effect_noise((5000, 4000), 50).save(large, "JPEG")
    files.add("a/small", png(1)[:-40])
    files.add("a/large", large.getvalue()[:-5000])
    for free, judged in ((600, ["a/small"]), (6000, ["a/large", "a/small"])):
        monkeypatch.setattr(workers, "free_memory", lambda free=free: free * 2**20)
        known = Remembered()
        try:
            found = files.screen(known)
        except DecodersUnavailable as error:
            assert "a/large" in str(error)
            assert "a/small" not in str(error)
            assert [path for path, _, digest, *_ in files.rows if digest in known.values] == judged
        else:
            assert list(found.quarantine["path"]) == judged


def test_damaged_bytes_are_the_keepers_matter(files: Files, png: Callable[..., bytes]) -> None:
    files.add("a/1", png(1))
    next(files.folder.iterdir()).write_bytes(b"altered")
    with pytest.raises(LookupError, match="is damaged"):
        files.screen()
