"""evergreen.reports.browser.webpage: what a page's folder holds."""

import gzip
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
from evergreen.reports.browser import packages, webpage
from evergreen.sections.data import Screen
from runs.answering.webpage import caution_on

CLASSES = ["one", "two", "three"]
CARD = {
    "network": "cnn",
    "judged": {"split": "test", "accuracy": 0.9, "count": 10},
    "trained": 50,
    "digests": {"model": "a" * 64},
}


def _model(engine: webpage.Engine, name: str, file: str, data: bytes) -> webpage.Model:
    proof = {"format": name, "verified": "passed", "agreement": 1.0, "count": 10, "median_ms": 1.0}
    return webpage.Model(engine, {file: data, "model-card.json": b"{}"}, proof, "the only one")


LITE = _model("litert", "tflite-int8", "model.tflite", b"TFL3")
GRAPH = _model("tfjs", "tfjs", "model.json", b"{}")


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
        "models": (LITE, GRAPH),
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
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands in for node_modules, so that these tests need no Node."""
    folder = tmp_path / "modules"
    for name in (*packages.TENSORFLOW_JS, *packages.LITERT_JS):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (folder / packages.LITERT_JS[0]).write_text(
        'import { a } from "@litertjs/wasm-utils";\n//# sourceMappingURL=a.map\n'
    )
    monkeypatch.setattr(packages, "NODE_MODULES", folder)
    return folder


def _kept(folder: Path) -> dict[str, Any]:
    """What the service worker knows of the page."""
    text = (folder / "sw.js").read_text(encoding="utf-8")
    return dict(json.loads(text.removeprefix("const PAGE = ").split(";\n", 1)[0]))


def test_a_page_is_whole_and_names_its_models_by_their_digest(modules: Path, tmp_path: Path) -> None:
    webpage.write(_shown(), _photo, tmp_path / "page")
    page = json.loads((tmp_path / "page/page.json").read_text())
    lite, graph = page["models"]
    at = "model-bbbbbbbbbbbb/tflite-int8"
    assert (lite["address"], lite["bytes"], lite["card"]) == (f"{at}/model.tflite", 6, f"{at}/model-card.json")
    assert (graph["engine"], graph["address"]) == ("tfjs", "model-bbbbbbbbbbbb/tfjs/model.json")
    assert all((tmp_path / "page" / model["address"]).is_file() for model in page["models"])
    assert [entry["label"] for entry in page["samples"]] == ["one"] * 2 + ["two"] * 2 + ["three"] * 2
    assert page["caution"] is None
    index = (tmp_path / "page/index.html").read_text()
    named = [part.split('"')[0] for mark in ('src="', 'href="') for part in index.split(mark)[1:]]
    assert len(named) > 6
    assert all((tmp_path / "page" / name).is_file() for name in named)


def test_litert_js_lies_as_a_page_without_a_bundler_loads_it_and_its_webassembly_compressed(
    modules: Path, tmp_path: Path
) -> None:
    webpage.write(_shown(models=(LITE,)), _photo, tmp_path / "page")
    folder = tmp_path / "page/litert"
    assert (folder / "litert.js").read_text() == 'import { a } from "./wasm-utils.js";\n'
    packed = (folder / "litert_wasm_internal.wasm.gz").read_bytes()
    assert gzip.decompress(packed).decode() == "@litertjs/core/wasm/litert_wasm_internal.wasm"
    assert not (tmp_path / "page/tfjs").exists()
    (modules / packages.LITERT_JS[0]).write_text("import { a } from '@litertjs/wasm-utils'")
    with pytest.raises(BadInput, match='expected one import of "@litertjs/wasm-utils"'):
        webpage.write(_shown(), _photo, tmp_path / "other")


def test_each_device_keeps_what_runs_its_model_and_another_model_is_another_version(
    modules: Path, tmp_path: Path
) -> None:
    webpage.write(_shown(), _photo, tmp_path / "page")
    files = _kept(tmp_path / "page")["files"]
    everything = {path.relative_to(tmp_path / "page").as_posix() for path in (tmp_path / "page").rglob("*")}
    assert set().union(*files.values()) - everything == {"./"}
    assert "phone.json" not in files["shell"]
    assert {"./", "index.html", "page.json", "words.js"} <= set(files["shell"])
    assert [name for name in files["litert"] if "compat" in name or "tfjs" in name] == []
    assert [name for name in files["compat"] if "_wasm_internal" in name] == []
    assert all("model-bbbbbbbbbbbb/tflite-int8/model.tflite" in files[kind] for kind in ("litert", "compat"))
    assert "model-bbbbbbbbbbbb/tfjs/model.json" in files["tfjs"]
    webpage.write(_shown(), _photo, tmp_path / "same")
    other = _model("litert", "tflite-int8", "model.tflite", b"TFL3 of other weights")
    webpage.write(_shown(models=(other, GRAPH)), _photo, tmp_path / "another")
    versions = [_kept(tmp_path / name)["version"] for name in ("page", "same", "another")]
    assert versions[0] == versions[1] != versions[2]


def test_a_page_can_be_installed_with_icons_of_the_sizes_that_it_names(modules: Path, tmp_path: Path) -> None:
    webpage.write(_shown(title="Zahlen & Ähnliches"), _photo, tmp_path / "page")
    manifest = json.loads((tmp_path / "page/manifest.webmanifest").read_text(encoding="utf-8"))
    assert (manifest["name"], manifest["start_url"], manifest["display"]) == ("Zahlen & Ähnliches", "./", "standalone")
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
    for icon in manifest["icons"]:
        with Image.open(tmp_path / "page" / icon["src"]) as picture:
            assert f"{picture.width}x{picture.height}" == icon["sizes"]
            assert picture.getpixel((picture.width // 2, picture.height // 2)) == (47, 125, 79)
            assert picture.getpixel((0, 0)) == (243, 246, 243)


def test_a_page_carries_why_its_answers_are_to_be_taken_with_care(modules: Path, tmp_path: Path) -> None:
    webpage.write(_shown(caution=webpage.Caution("noChampion", "nobody was promoted")), _photo, tmp_path / "page")
    page = json.loads((tmp_path / "page/page.json").read_text())
    assert page["caution"] == {"kind": "noChampion", "words": "nobody was promoted"}
    words = (tmp_path / "page/words.js").read_text()
    assert [words.count(f"    {kind}: '") for kind in get_args(webpage.CautionKind)] == [2, 2]  # in either language
    assert caution_on(tmp_path / "page") == "nobody was promoted"


def test_samples_are_upright_small_and_without_the_place(modules: Path, tmp_path: Path) -> None:
    webpage.write(_shown(), _photo, tmp_path / "page")
    for path in (tmp_path / "page/samples").iterdir():
        with Image.open(path) as picture:
            assert picture.size == (213, 640)
            assert not picture.getexif()
            assert set(picture.info) <= {"dpi"}


def test_the_page_reads_pictures_as_the_models_own_images_were_read(modules: Path, tmp_path: Path) -> None:
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


@pytest.mark.parametrize(("name", "model"), [("TensorFlow.js", GRAPH), ("LiteRT.js", LITE)], ids=["tfjs", "litert"])
def test_without_what_runs_its_model_the_error_says_what_to_do(
    name: str, model: webpage.Model, modules: Path, tmp_path: Path
) -> None:
    (modules / (packages.TENSORFLOW_JS if model is GRAPH else packages.LITERT_JS)[-1]).unlink()
    said = rf"expected {name} in .*\.wasm; install Node.js 18 or newer with npm, then run: make setup"
    with pytest.raises(BadInput, match=said):
        webpage.write(_shown(models=(model,)), _photo, tmp_path / "page")
    assert not (tmp_path / "page").exists()
    other = LITE if model is GRAPH else GRAPH
    webpage.write(_shown(models=(other,)), _photo, tmp_path / "page")  # which does not need it


def test_whatever_the_page_says_it_says_in_either_language() -> None:
    text = (packages.WEB / "words.js").read_text(encoding="utf-8")
    languages = [part.split("\n  },")[0] for part in re.split(r"\n  (?:en|id): \{", text)[1:]]
    english, indonesian = (dict(re.findall(r"^    (\w+): (.*),$", part, re.MULTILINE)) for part in languages)
    assert list(english) == list(indonesian)
    named = re.compile(r"\{\w+\}")
    for key, words in english.items():
        assert set(named.findall(words)) == set(named.findall(indonesian[key])), key


def test_the_pages_modules_import_only_files_of_the_page_and_none_in_a_circle() -> None:
    imports = {
        path.name: re.findall(r"^import .* from '\./(.+)';$", path.read_text(encoding="utf-8"), re.MULTILINE)
        for path in packages.WEB.glob("*.js")
    }
    assert set(TopologicalSorter(imports).static_order()) == set(imports)
    assert imports["resize.js"] == ["interpolate.js", "numbers.js"]
