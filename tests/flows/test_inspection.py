"""evergreen inspect: the data of a recipe as a page, in the terminal and in the dashboard; nothing is trained."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from command import Command
from pages import pictures_of


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return Command(tmp_path / "store")


@pytest.fixture
def photos(tmp_path: Path, png: Callable[..., bytes]) -> Path:
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as zipped:
        for label in ("King", "Qu een"):
            for seed in range(30):
                zipped.writestr(f"Chess/{label}/{seed}.png", png(seed + 1000 * len(label), (40, 30)))
        zipped.writestr("Chess/King/copy.png", png(4000, (40, 30)))
        zipped.writestr("Chess/King/again.png", png(4001, (40, 30)))
        zipped.writestr("Chess/King/0 again.png", png(4000, (40, 30)))
        zipped.writestr("Chess/King/broken.png", b"no image")
    return path


def test_a_recipe_is_looked_at_and_nothing_is_trained(command: Command, photos: Path, prefect_server: str) -> None:
    options = ("--source", str(photos), "--set", "repair.classes=[King, Queen]")
    done = command("inspect", "chessman", *options, "--json", server=prefect_server)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["outcome"] == "inspected"
    assert [(row["folder"], row["label"], row["why"]) for row in summary["renames"]] == [
        ("Chess/King", "King", "as it is"),
        ("Chess/Qu een", "Queen", "split or joined words"),
    ]
    assert {name: sum(counts.values()) for name, counts in summary["classes"].items()} == {"King": 33, "Queen": 30}
    assert [row["folder"] for row in summary["labels"]["renamed"]] == ["Chess/Qu een"]
    assert summary["findings"]["quarantined"] == 1
    assert summary["findings"]["exact duplicates"] == 3
    folder = command.root / "runs" / summary["id"]
    page = (folder / "inspection.html").read_text()
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "King/broken.png" in page
    assert len(pictures_of(page)) == 2 * 6
    assert "rotation 20.0, shear 0.2, zoom 0.2, fill nearest" in page
    for name in ("class_distribution", "resolutions", "samples", "duplicates", "augmentation", "magnitudes"):
        assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    shown = command("inspect", "chessman", *options, server=prefect_server)
    assert "split or joined words" in shown.stdout
    assert "inspection.html" in shown.stdout
    assert command("predict", str(folder / "samples.png")).returncode == 2  # an inspection has no model
    _check_the_dashboard()


def _check_the_dashboard() -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

    with get_client(sync_client=True) as client:
        keys = ArtifactFilter(key=ArtifactFilterKey(like_="chessman-%"))
        artifacts = {artifact.key: artifact for artifact in client.read_artifacts(artifact_filter=keys)}
    assert set(artifacts) == {"chessman-classes", "chessman-inspect", "chessman-quarantine", "chessman-repair"}
    rows = json.loads(artifacts["chessman-repair"].data)
    assert rows[0] == {
        "from": "Chess/Qu een", "to": "Queen", "subset": "", "what": "renamed", "why": "split or joined words",
        "count": 30,
    }  # fmt: skip
    assert "| King | " in artifacts["chessman-classes"].data
    assert "data:image/png;base64," in artifacts["chessman-inspect"].data


def test_a_dry_run_shows_only_what_folders_become(command: Command, photos: Path, prefect_server: str) -> None:
    options = ("--source", str(photos), "--set", "repair.classes=[King, Queen]", "--dry-run")
    done = command("inspect", "chessman", *options, server=prefect_server)
    assert done.returncode == 0, done.stderr
    assert "Chess/Qu een -> Queen: 30 files, split or joined words" in done.stdout
    assert "inspection.html" not in done.stdout
    summary = json.loads(next(command.root.glob("runs/*/run.json")).read_text())
    assert [step["name"] for step in summary["steps"]] == ["probe", "acquire", "unpack", "repair"]
    assert summary["outcome"] == "dry run"
    assert summary["classes"] == {"King": {"images": 34}, "Queen": {"images": 30}}


def test_an_ambiguous_folder_is_an_error_that_shows_the_choices(
    command: Command, tmp_path: Path, png: Callable[..., bytes], prefect_server: str
) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as zipped:
        zipped.writestr("cat5/1.png", png(1))
    (tmp_path / "photos.zip").write_bytes(data.getvalue())
    options = ("--source", str(tmp_path / "photos.zip"), "--set", "repair.classes=[cat1, cat2]", "--dry-run")
    done = command("inspect", "digits", *options, server=prefect_server)
    assert done.returncode == 1
    assert "could be 'cat1' or 'cat2'" in done.stderr
