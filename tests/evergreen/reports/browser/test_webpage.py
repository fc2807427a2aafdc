"""evergreen.reports.browser.webpage: what a page's folder holds."""

import io
import json
import re
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
from hostile_images import saved
from PIL import Image

from evergreen.errors import BadInput
from evergreen.reports.browser import webpage
from evergreen.sections.data import Screen
from runs.answering.webpage import caution_on

CLASSES = ["one", "two", "three"]
CARD = {
    "network": "cnn",
    "judged": {"split": "test", "accuracy": 0.9, "count": 10},
    "trained": 50,
    "proof": {"format": "tfjs", "verified": "passed", "agreement": 1.0, "count": 10},
    "digests": {"model": "a" * 64},
}


def _dataset(count: int, split: str = "test") -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = [
        (f"{label}/{index}", label, rng.bytes(32).hex(), split if index else "train")
        for label in CLASSES
        for index in range(count)
    ]
    return pd.DataFrame(rows, columns=["path", "label", "sha256", "split"])


def _shown(**values: Any) -> webpage.Shown:
    defaults: dict[str, Any] = {
        "title": "Numbers", "recipe": "numbers", "run": "r", "classes": CLASSES,
        "image": {"height": 8, "width": 8, "resize": "pad", "interpolation": "area"},
        "model": {"model.json": b"{}", "group1-shard1of1.bin": bytes(8), "model-card.json": b"{}"},
        "digest": "b" * 64, "unsure": None,
        "samples": webpage.choose_samples(_dataset(3), CLASSES), "card": CARD,
    }  # fmt: skip
    return webpage.Shown(**defaults | values)


def _photo(digest: str) -> bytes:
    """A photo on its side, with the place where it was taken."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    data = io.BytesIO()
    Image.new("RGB", (900, 300), (200, 30, 30)).save(data, "JPEG", exif=exif)
    return data.getvalue()


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands in for node_modules, so that these tests need no Node."""
    folder = tmp_path / "packages"
    for name in webpage._LIBRARIES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    monkeypatch.setattr(webpage, "_PACKAGES", folder)
    return folder


def test_a_page_is_whole_and_names_its_model_by_its_digest(packages: Path, tmp_path: Path) -> None:
    webpage.write(_shown(), _photo, tmp_path / "page")
    page = json.loads((tmp_path / "page/page.json").read_text())
    card = "model-bbbbbbbbbbbb/model-card.json"
    assert page["model"] == {"address": "model-bbbbbbbbbbbb/model.json", "bytes": 12, "card": card}
    assert (tmp_path / "page" / page["model"]["address"]).is_file()
    assert [entry["label"] for entry in page["samples"]] == ["one"] * 2 + ["two"] * 2 + ["three"] * 2
    assert page["caution"] is None
    index = (tmp_path / "page/index.html").read_text()
    named = [part.split('"')[0] for mark in ('src="', 'href="') for part in index.split(mark)[1:]]
    assert len(named) > 6
    assert all((tmp_path / "page" / name).is_file() for name in named)


def test_a_page_carries_why_its_answers_are_to_be_taken_with_care(packages: Path, tmp_path: Path) -> None:
    webpage.write(_shown(caution=webpage.Caution("noChampion", "nobody was promoted")), _photo, tmp_path / "page")
    page = json.loads((tmp_path / "page/page.json").read_text())
    assert page["caution"] == {"kind": "noChampion", "words": "nobody was promoted"}
    words = (tmp_path / "page/words.js").read_text()
    assert [words.count(f"    {kind}: '") for kind in get_args(webpage.CautionKind)] == [2, 2]  # in either language
    assert caution_on(tmp_path / "page") == "nobody was promoted"


def test_samples_are_upright_small_and_without_the_place(packages: Path, tmp_path: Path) -> None:
    webpage.write(_shown(), _photo, tmp_path / "page")
    for path in (tmp_path / "page/samples").iterdir():
        with Image.open(path) as picture:
            assert picture.size == (213, 640)
            assert not picture.getexif()
            assert set(picture.info) <= {"dpi"}


def test_the_page_reads_pictures_as_the_models_own_images_were_read(packages: Path, tmp_path: Path) -> None:
    deep = saved(Image.fromarray(np.full((30, 20), 4095, np.uint16)))
    shown = _shown(screen=Screen(max_megapixels=7, range=(0, 4095)))
    webpage.write(shown, lambda _: deep, tmp_path / "page")
    page = json.loads((tmp_path / "page" / webpage.PAGE).read_text(encoding="utf-8"))
    assert page["pictures"] == {"max_megapixels": 7, "range": [0, 4095]}
    for path in (tmp_path / "page/samples").iterdir():
        with Image.open(path) as picture:
            assert picture.getpixel((0, 0)) == (255, 255, 255)


def test_samples_are_of_as_many_classes_as_possible_and_never_of_training() -> None:
    table = _dataset(20)
    chosen = webpage.choose_samples(table.sample(frac=1, random_state=1), CLASSES)
    assert chosen["label"].tolist() == ["one"] * 4 + ["two"] * 4 + ["three"] * 4
    assert set(chosen["path"]) <= set(table[table["split"] == "test"]["path"])
    assert chosen.equals(webpage.choose_samples(table, CLASSES))
    assert len(webpage.choose_samples(_dataset(3, "validation"), CLASSES)) == 6


def test_without_tensorflow_js_the_error_says_what_to_do(packages: Path, tmp_path: Path) -> None:
    (packages / webpage._LIBRARIES[-1]).unlink()
    with pytest.raises(BadInput, match=r"simd\.wasm; install Node.js 18 or newer with npm, then run: make setup"):
        webpage.write(_shown(), _photo, tmp_path / "page")
    assert not (tmp_path / "page").exists()


def test_the_pages_modules_import_only_files_of_the_page_and_none_in_a_circle() -> None:
    imports = {
        path.name: re.findall(r"^import .* from '\./(.+)';$", path.read_text(encoding="utf-8"), re.MULTILINE)
        for path in webpage._FILES.glob("*.js")
    }
    assert set(TopologicalSorter(imports).static_order()) == set(imports)
    assert imports["resize.js"] == ["interpolate.js", "numbers.js"]
