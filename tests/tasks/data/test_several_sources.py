"""Several sources of one recipe, from folders, archives and tables to one dataset."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from data_steps import Data
from prefect.logging import disable_run_logger

from evergreen.errors import BadDataset, BadInput, SourceGone
from evergreen.recipe import Recipe, load_recipe
from evergreen.sources.several import versions_in
from storage.store import Store
from tasks.data import unpack

Png = Callable[..., bytes]


def _folder(path: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def _recipe(*sources: Path, overrides: tuple[str, ...] = ()) -> Recipe:
    return load_recipe("digits", ["repair.classes=[]", *overrides], [str(source) for source in sources])


def _data(store: Store, recipe: Recipe, last: str = "balance") -> Data:
    with disable_run_logger():
        return Data(store, recipe, last)


@pytest.fixture(autouse=True)
def remarks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What unpack says of its execution, outside a run."""
    said: list[str] = []
    monkeypatch.setattr(unpack, "remark", said.append)
    return said


@pytest.fixture
def base(tmp_path: Path, png: Png) -> Path:
    """Class folders: 20 cats and 20 dogs."""
    files = {f"{label}/{n}.png": png(n + 1000 * len(label), (9, 7)) for label in ("cat", "hound") for n in range(20)}
    return _folder(tmp_path / "base", files)


def test_a_folder_and_a_table_become_one_dataset(store: Store, tmp_path: Path, base: Path, png: Png) -> None:
    rows = "file,label\n0.png,Cat\n1.png,wolf\n2.png,wolf\nagain.png,cat\nwrong.png,hound\n"
    with zipfile.ZipFile(tmp_path / "new.zip", "w") as zipped:
        zipped.writestr("labels.csv", rows)
        for number in range(3):
            zipped.writestr(f"pictures/{number}.png", png(number, (9, 7)))
        zipped.writestr("pictures/again.png", (base / "cat/3.png").read_bytes())
        zipped.writestr("pictures/wrong.png", (base / "cat/4.png").read_bytes())
    table = ("labels={table: labels.csv, file: file, label: label}", "split.method=exact", "split.test=0")
    new = tmp_path / "new.zip"
    data = _data(store, _recipe(base, new, overrides=table), "screen")
    repaired, sources = data.table("repair"), data.table("repair", "sources.csv")
    assert data.store.manifest(data.outputs["repair"].sha256).facts["classes"] == ["cat", "hound", "wolf"]
    # 40 of the base, 5 of which one is the base's: one file's name stands in both, and both are there.
    assert len(repaired) == len(sources) == 44
    assert sources["source"].value_counts().to_dict() == {f"local:{base}": 40, f"local:{new}": 4}
    assert set(repaired.loc[repaired["path"].str.endswith("/0.png"), "path"]) >= {"cat/cat/0.png", "cat/pictures/0.png"}
    dropped = data.table("repair", "dropped.csv").set_index("reason")["count"].to_dict()
    assert dropped["the same image as in another source: counted once"] == 1
    notes = list(data.table("repair", "notes.csv")["note"])
    assert f"local:{base}: 40 files in 2 classes" in "\n".join(notes)
    assert f"local:{new}: 5 files in 3 classes; 1 of them are in another source, too, and counted there" in notes
    assert f"local:{base}: its folders are its classes: it has no file 'labels.csv' (labels.table)" in notes
    assert f"local:{new}: the class 'wolf' (2 images) is in no other source" in notes
    quarantine = data.table("screen", "quarantine.csv")
    assert list(quarantine["reason"]) == ["the same pixels stand under another label in another source"] * 2
    assert set(data.table("repair", "renames.csv")["source"]) == {f"local:{base}", f"local:{new}"}


def test_the_order_and_the_place_of_sources_change_no_dataset(
    store: Store, tmp_path: Path, base: Path, png: Png
) -> None:
    new = _folder(tmp_path / "new", {f"cat/{number}.png": png(500 + number, (9, 7)) for number in range(3)})
    first = _data(store, _recipe(base, new), "repair")
    assert _data(store, _recipe(new, base), "repair").keys == first.keys
    then = _data(store, _recipe(base, new.rename(tmp_path / "another name")), "repair")
    assert then.keys["repair"] != first.keys["repair"]
    before, after = (store.manifest(data.outputs["repair"].sha256).files for data in (first, then))
    assert {name for name in after if before[name] != after[name]} == {"sources.csv", "renames.csv", "notes.csv"}


def test_a_source_that_is_there_alone_or_in_a_list_of_one_gives_what_it_gave(store: Store, base: Path) -> None:
    one = _data(store, _recipe(base), "repair")
    listed = load_recipe("digits", ["repair.classes=[]", f"source=[{{local: {{path: {base}}}}}]"])
    again = _data(store, listed, "repair")
    assert (again.keys, again.outputs) == (one.keys, one.outputs)
    assert "sources.csv" not in store.manifest(one.outputs["repair"].sha256).files
    assert list(one.table("unpack", "files.csv")) == ["path", "sha256", "bytes", "archive", "kind"]


def test_an_empty_source_is_said_and_a_flat_one_refused_by_name(
    store: Store, tmp_path: Path, base: Path, png: Png
) -> None:
    (tmp_path / "inbox").mkdir()
    data = _data(store, _recipe(base, tmp_path / "inbox"), "repair")
    assert f"local:{tmp_path / 'inbox'}: there is no file in it" in list(data.table("repair", "notes.csv")["note"])
    (tmp_path / "inbox/1.png").write_bytes(png(1, (9, 7)))
    with pytest.raises(BadDataset, match=r"^of several sources, local:\S+/inbox: expected images in class folders"):
        _data(store, _recipe(base, tmp_path / "inbox"), "repair")
    recipe = _recipe(base, tmp_path / "inbox")
    (tmp_path / "inbox/1.png").unlink()
    (tmp_path / "inbox").rmdir()
    with pytest.raises(BadInput, match=r"^of several sources, local:\S+/inbox: source\.local\.path: expected a zip"):
        _data(store, recipe, "probe")


def test_one_changed_source_fetches_no_other_again(server: Any, store: Store, base: Path, png: Png) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as zipped:
        for number in range(3):
            zipped.writestr(f"cat/{number}.png", png(700 + number, (9, 7)))
    server.add("/new.zip", packed.getvalue())
    recipe = load_recipe("digits", ["repair.classes=[]"], [str(base), server.url("/new.zip")])
    first = _data(store, recipe, "unpack")
    (base / "cat/more.png").write_bytes(png(800, (9, 7)))
    asked = len(server.requests)
    then = _data(store, recipe, "unpack")
    assert len(server.requests) == asked + 1  # its version was asked
    assert len(then.table("unpack", "files.csv")) == len(first.table("unpack", "files.csv")) + 1 == 44
    assert store.manifest(then.outputs["acquire"].sha256).kind == "sources"
    before, after = (versions_in(store.manifest(data.outputs["probe"].sha256).facts) for data in (first, then))
    assert {name for name in after if before[name] != after[name]} == {f"local:{base}"}
    server.files.clear()
    with pytest.raises(SourceGone, match=r"^of several sources, http://127\.0\.0\.1:\d+/new\.zip: "):
        _data(store, recipe, "probe")
