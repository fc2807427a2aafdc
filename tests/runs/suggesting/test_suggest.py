"""runs.suggesting: from a recipe's images, or a folder's, to what is labelled next and becomes part of the dataset."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from data_steps import Data

from evergreen.decisions.decision import Decision
from evergreen.errors import BadInput
from evergreen.recipe import Recipe, load_recipe
from runs.answering.model_meant import Meant
from runs.deciding.writing import LabelsFile
from runs.suggesting import suggest as suggesting
from runs.suggesting.suggest import Suggestions, called, suggest
from storage.runs import run_folder, write_summary
from storage.store import Store

RECIPE = """
name: colours
source: {{local: {{path: "{photos}"}}}}
repair: {{subsets: {{unlabelled: unlabelled}}}}
split: {{method: exact, validation: 0.2, test: 0.2}}
image: {{height: 8, width: 8}}
screen: {{near_duplicate_bits: 0}}
train: {{backbone: cnn}}
"""
COLOURS = {"dark": (20, 20, 20), "red": (190, 20, 20)}
# Between the classes; one that is nearly red, and one that lies there twice.
FREE = {"a.png": (90, 20, 20), "b.png": (180, 20, 20), "c.png": (20, 190, 20), "d.png": (20, 20, 190)}


class Here:
    """A folder of photos, a recipe, and a run that looked at them."""

    def __init__(self, store: Store, folder: Path, png: Callable[..., bytes]) -> None:
        self.store, self.photos, self.file = store, folder / "photos", folder / "colours.yaml"
        for label, colour in COLOURS.items():
            for seed in range(10):
                self.put(f"{label}/{seed}.png", png(seed, (9, 7), colour))
        for seed, (name, colour) in enumerate(FREE.items(), 50):
            self.put(f"unlabelled/{name}", png(seed, (9, 7), colour))
        self.put("unlabelled/e.png", png(50, (9, 7), FREE["a.png"]))
        self.put("unlabelled/f.png", png(0, (9, 7), COLOURS["red"]))
        self.file.write_text(RECIPE.format(photos=self.photos))

    def put(self, name: str, data: bytes) -> None:
        (self.photos / name).parent.mkdir(parents=True, exist_ok=True)
        (self.photos / name).write_bytes(data)

    @property
    def recipe(self) -> Recipe:
        return load_recipe(self.file)

    def run(self) -> Data:
        data = Data(self.store, self.recipe, "split")
        steps = [{"name": name, "state": "ran", "output": ref.sha256} for name, ref in data.outputs.items()]
        run_folder(self.store, "20261130-120000-abcdef").mkdir(parents=True, exist_ok=True)
        write_summary(self.store, {"id": "20261130-120000-abcdef", "recipe": "colours", "outcome": "inspected",
                                   "steps": steps})  # fmt: skip
        return data

    def suggested(self, count: int = 9, folder: Path | None = None, *, to_label: bool = False) -> Suggestions:
        where = str(folder) if folder else None
        return suggest(self.recipe, self.store, count, where, pytest.fail, to_label=to_label)

    def decide(self, name: str, decision: Decision) -> None:
        digest = hashlib.sha256((self.photos / "unlabelled" / name).read_bytes()).hexdigest()
        LabelsFile(self.file.with_name("colours.labels.yaml")).set(digest, decision)


@pytest.fixture
def here(store: Store, tmp_path: Path, png: Callable[..., bytes]) -> Here:
    return Here(store, tmp_path, png)


def _names(found: Suggestions) -> list[str]:
    return [Path(path).name for path in found.table["path"]]


def test_each_picture_once_and_labels_that_are_given_become_part_of_the_dataset(here: Here) -> None:
    before = here.run()
    found = here.suggested()
    assert sorted(_names(found)) == ["a.png", "b.png", "c.png", "d.png"]
    assert _names(found).index("a.png") < _names(found).index("b.png")  # which is red, as everybody sees
    assert _names(here.suggested(2)) == _names(found)[:2]
    assert (found.among, found.in_dataset, found.classes) == (4, True, ["dark", "red"])
    assert found.compared_by == "the colours of 8x8 pixels"
    assert found.judged_by.endswith("with a label, over what images are compared by; no model of the recipe is here")
    notes = "\n".join(found.notes)
    for said in ("run 20261130-120000-abcdef", "1 image has the pixels of another one", "one with a label: left out",
                 "9 were asked for, there are 4"):  # fmt: skip
        assert said in notes
    asked = found.as_json()["suggestions"][0]
    assert list(asked) == ["rank", "path", "sha256", "suggested", "confidence", "uncertainty", "reason"]
    here.decide("c.png", Decision("relabel", "dark", ""))
    here.decide("a.png", Decision("relabel", "red", ""))
    here.decide("d.png", Decision("keep", was=""))
    again = here.suggested()
    assert _names(again) == ["b.png"]  # e.png holds what a.png does, which has a label now
    assert any(note.startswith("4 of 6 images without a label are decided by now") for note in again.notes)
    after = here.run()
    gained = {(row["label"], Path(row["path"]).name) for row in after.table("split").to_dict("records")} - {
        (row["label"], Path(row["path"]).name) for row in before.table("split").to_dict("records")
    }
    assert gained == {("dark", "c.png"), ("red", "a.png"), ("red", "e.png")}
    assert set(after.table("split", "unlabelled.csv")["path"].map(lambda path: Path(path).name)) == {
        "b.png", "d.png", "f.png",
    }  # fmt: skip
    here.decide("b.png", Decision("leave out"))
    with pytest.raises(BadInput, match=r"nothing is left to label: .* 1 image has the pixels of one with a label"):
        here.suggested()


def test_of_a_folder_what_no_run_reads_is_shown_and_not_labelled(
    here: Here, tmp_path: Path, png: Callable[..., bytes]
) -> None:
    here.run()
    folder = tmp_path / "new"
    (folder / "deep").mkdir(parents=True)
    files = {"x.png": (here.photos / "unlabelled/c.png").read_bytes(), "deep/y.png": png(99, (9, 7), (90, 200, 20)),
             "known.png": (here.photos / "red/3.png").read_bytes(), "bad.png": b"\x89PNG no",
             "notes.txt": b"x"}  # fmt: skip
    for name, data in files.items():
        (folder / name).write_bytes(data)
    found = here.suggested(5, folder)
    assert sorted(_names(found)) == ["x.png", "y.png"]
    assert not found.in_dataset
    assert {found.read(digest) for digest in found.table["sha256"]} == {files["x.png"], files["deep/y.png"]}
    notes = "\n".join(found.notes)
    for said in (
        "1 file of",
        "bad.png (not a readable image",
        "1 of 3 images of",
        "to label them",
        "with a label: left",
    ):
        assert said in notes
    to_label = here.suggested(5, folder, to_label=True)
    assert _names(to_label) == ["x.png"]
    assert to_label.in_dataset
    (folder / "x.png").unlink()
    with pytest.raises(BadInput, match="no run would read a label of theirs: add the folder to its source"):
        here.suggested(5, folder, to_label=True)
    with pytest.raises(BadInput, match="expected a folder of images on this machine, received"):
        here.suggested(5, tmp_path / "none")
    with pytest.raises(BadInput, match=r"found none that can be used: .*1 image of .* cannot be used"):
        (folder / "known.png").unlink()
        (folder / "deep/y.png").unlink()
        here.suggested(5, folder)


def test_nothing_to_choose_from_says_what_to_do(here: Here) -> None:
    with pytest.raises(BadInput, match="expected a run that has looked at the images of colours"):
        here.suggested()
    for name in (*FREE, "e.png", "f.png"):
        (here.photos / "unlabelled" / name).unlink()
    here.run()
    with pytest.raises(BadInput, match=r"has no images without a label: put some in the source .* or name a folder"):
        here.suggested()


def test_of_many_images_some_are_looked_at_which_is_said(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    here.run()
    monkeypatch.setattr(suggesting, "MOST", 3)
    first: Any = here.suggested()
    assert first.among == 3
    assert "of 4 images 3 were looked at, drawn by the recipe's seed" in first.notes
    assert _names(here.suggested()) == _names(first)


def test_a_champion_is_called_so_also_where_its_answers_are_to_be_taken_with_care() -> None:
    meant = Meant("colours", "run-1", "a" * 64, caution="its newest run has other classes", champion=True)
    assert called(meant) == "the champion of colours (run run-1)"
    assert called(Meant("colours", None, "a" * 64, caution="colours has no champion")) == (
        "the newest run's model of colours"
    )
