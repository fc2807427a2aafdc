"""tasks.owed: a machine that is about to open images has them, taken out of the archive that travelled."""

import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from data_steps import Data

from evergreen.recipe import load_recipe
from evergreen.steps import BY_NAME
from runs.run import Entry, Run
from runs.shared.opening import behind_of, opened
from runs.shared.sharing import push_cargo
from storage.errors import ArtifactMissing
from storage.remote.push import Cargo
from storage.remote.remote import Made
from tasks.owed import settle


@pytest.fixture
def other(shared_folder: str, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Run, Data]:
    """A run on a machine to which another one's repair has come, and what the other one's steps gave."""
    monkeypatch.setenv("EVERGREEN_REMOTE", shared_folder)
    archive = tmp_path / "photos.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        for path in photos.rglob("*.png"):
            zipped.write(path, path.relative_to(photos))
    recipe = load_recipe("digits", ["repair.classes=[bright, dark]"], str(archive))
    data = Data(opened(tmp_path / "a"), recipe, "repair")
    outputs = {name: ref.sha256 for name, ref in data.outputs.items()}
    made = {outputs["unpack"]: Made(outputs["acquire"], "files/")}
    push_cargo(data.store, Cargo("one", "digits", {}, tuple(outputs.values()), (), (), made))
    run = Run(opened(tmp_path / "b"), recipe, "b", "digits")
    for name, ref in data.outputs.items():
        assert run.store.is_whole(ref), name
        run.journal.add(Entry(name, "reused", "nothing changed", 0.0, ref, "0" * 64, {}))
    return run, data


def test_images_are_taken_out_of_the_archive_before_they_are_opened(other: tuple[Run, Data]) -> None:
    run, data = other
    inputs = {"dataset": data.outputs["repair"]}
    settle(run, BY_NAME["balance"], inputs)  # it opens no images
    assert len(list(run.store.root.glob("blobs/*/*"))) < 20
    settle(run, BY_NAME["screen"], inputs)
    images = [name for name in run.store.manifest(data.outputs["unpack"].sha256).files if name.startswith("files/")]
    assert len(images) == 60
    assert run.store.damaged(data.outputs["unpack"]) == []


def test_images_that_are_nowhere_are_a_miss_and_nothing_else(other: tuple[Run, Data], shared_folder: str) -> None:
    run, data = other
    shutil.rmtree(Path(shared_folder) / "blobs", ignore_errors=True)
    shutil.rmtree(Path(shared_folder) / "packs")
    run = replace(run, store=opened(run.store.root))
    with pytest.raises(ArtifactMissing, match="neither in the store nor in the remote"):
        settle(run, BY_NAME["screen"], {"dataset": data.outputs["repair"]})
    behind = behind_of(run.store)
    assert behind is not None
    assert not run.store.is_whole(data.outputs["acquire"])
