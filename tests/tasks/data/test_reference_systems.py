"""The data side of the five reference systems: their archives' layouts, generated images, from source to weights."""

import hashlib
from pathlib import Path

import pytest
import reference_archives as archives
from data_steps import Data

from evergreen.decisions.decision import Decision
from evergreen.decisions.editing import edited
from evergreen.recipe import load_recipe
from runs.summaries.labels import classes_and_labels
from storage.store import Store


def _data(store: Store, recipe: str, source: Path, *overrides: str) -> Data:
    return Data(store, load_recipe(recipe, overrides, str(source)))


def test_rockpaperscissors_at_full_count(store: Store, tmp_path: Path) -> None:
    files = archives.rockpaperscissors({"paper": 712, "rock": 726, "scissors": 750})
    data = _data(store, "rockpaperscissors", archives.write(tmp_path / "rps.zip", files))
    assert data.counts == {"train": 1314, "validation": 874}
    assert data.per_class == {
        ("paper", "train"): 428, ("paper", "validation"): 284, ("rock", "train"): 436, ("rock", "validation"): 290,
        ("scissors", "train"): 450, ("scissors", "validation"): 300,
    }  # fmt: skip
    assert data.table("screen", "quarantine.csv").empty
    assert data.table("screen", "duplicates.csv").empty
    dropped = data.table("repair", "dropped.csv")
    assert dict(zip(dropped["reason"], dropped["count"], strict=True)) == {
        "file of the operating system": 1, "macOS resource fork": 1, "not an image: text": 1,
    }  # fmt: skip


def test_cifar10_keeps_its_test_and_cuts_a_fifth_of_train(store: Store, tmp_path: Path) -> None:
    data = _data(store, "cifar10", archives.write(tmp_path / "cifar.zip", archives.cifar10(50, 10)))
    assert data.counts == {"train": 400, "validation": 100, "test": 100}
    assert set(data.per_class.values()) == {40, 10}


def test_garbage_is_stratified_and_weighed(store: Store, tmp_path: Path) -> None:
    files = archives.garbage(40, 20)
    data = _data(store, "garbage", archives.write(tmp_path / "garbage.zip", files))
    held = round(0.15 * len(files))
    assert data.counts == {"train": len(files) - 2 * held, "validation": held, "test": held}
    training = {label: data.per_class[label, "train"] for label in archives.GARBAGE}
    assert data.weights == {
        label: pytest.approx(sum(training.values()) / (10 * count)) for label, count in training.items()
    }


def test_tsel_needs_no_map_and_its_test_folder_has_no_labels(store: Store, tmp_path: Path) -> None:
    data = _data(store, "tsel", archives.write(tmp_path / "tsel.zip", archives.tsel(30, 5, 7)))
    assert data.counts == {"train": 108, "validation": 20, "test": 12}
    assert set(data.table("split")["label"]) == set(load_recipe("tsel").repair.classes)
    assert len(data.table("split", "unlabelled.csv")) == 7
    assert set(data.table("screen", "quarantine.csv")["path"]) == {
        "train/art and culture/broken.jpg", "train/architecture/page.jpg",
    }  # fmt: skip


def test_chessman_is_read_by_content_whatever_its_files_are_called(store: Store, tmp_path: Path) -> None:
    data = _data(store, "chessman", archives.write(tmp_path / "chess.tar.gz", archives.chessman(24)))
    assert data.counts == {"train": 130, "validation": 14}
    assert set(data.table("screen")["format"]) == {"JPEG", "PNG", "GIF", "WEBP"}


def test_an_unlabelled_copy_of_a_training_image_stays_unlabelled(store: Store, tmp_path: Path) -> None:
    files: archives.Files = []
    for label in "ab":
        for subset, count in (("train", 20), ("validation", 5)):
            for _ in range(count):
                files.append((f"{subset}/{label}/{len(files)}.png", archives.image(len(files))))
    files.append(("test/classify/1.png", archives.image(1)))
    options = ("split={method: predefined, validation: 0, test: 0}", "repair.classes=[a, b]")
    data = _data(store, "digits", archives.write(tmp_path / "photos.zip", files), *options)
    assert len(data.table("split", "unlabelled.csv")) == 1
    assert data.counts == {"train": 40, "validation": 10}


def test_decisions_beside_a_recipe_survive_a_dataset_that_is_renamed_and_packed_anew(
    store: Store, tmp_path: Path
) -> None:
    images = {
        name: archives.image(seed) for seed, name in enumerate(f"{label}/{n}.png" for label in "ab" for n in "12")
    }
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in images.items()}
    recipe = tmp_path / "photos.yaml"
    recipe.write_text("name: photos\nsource: {local: {path: none}}\n")

    def repaired(source: Path) -> Data:
        return Data(store, load_recipe(recipe, source=str(source)), "repair")

    plain = repaired(archives.write(tmp_path / "photos.zip", list(images.items())))
    text = edited("", digests["a/1.png"], Decision("relabel", "b", "a"), "x")
    (tmp_path / "photos.labels.yaml").write_text(edited(text, "f" * 64, Decision("leave out"), "x"))
    now = repaired(archives.write(tmp_path / "photos.zip", list(images.items())))
    anew = archives.write(
        tmp_path / "new.tar.gz", [(f"all/{name[0].upper()}/x{name[2:]}", data) for name, data in images.items()]
    )
    again = repaired(anew)
    for data, label, there in ((plain, "a", False), (now, "b", True), (again, "B", True)):
        table = data.table("repair").set_index("sha256")["label"]
        assert table[digests["a/1.png"]] == label
        assert (len(table), table[digests["a/2.png"]].lower()) == (4, "a")
        told = classes_and_labels(store, data.outputs)[1]
        assert told
        assert told.get("decisions") == (
            {
                "made": 2,
                "applied": {"relabel": 1, "leave out": 0, "keep": 0},
                "already": 0,
                "not_here": 1,
                "asked_again": 0,
            }
            if there
            else None
        )
    assert plain.outputs["unpack"] == now.outputs["unpack"]
    assert plain.keys["repair"] != now.keys["repair"]
