"""evergreen inspect: the data of a recipe as a page, in the terminal and in the dashboard; nothing is trained."""

import io
import json
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command import Command
from hostile_images import thin_png
from pages import pictures_of
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.sorting import FlowRunSort

import flows.inspection
from evergreen.errors import BadDataset
from evergreen.tables import rows_of


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
    assert command("predict", str(folder / "samples.png")).returncode == 2  # an inspection has no model
    assert "sources" not in summary
    _check_the_dashboard()
    again = command("inspect", "chessman", *options, "--json", "--csv", "images.csv")  # without a server
    assert "Prefect" not in again.stderr
    told = json.loads(again.stdout)
    rows = list(rows_of((command.root.parent / "images.csv").read_bytes()))
    assert Counter(row["label"] for row in rows) == {"King": 33, "Queen": 30}
    assert {row["split"] for row in rows} == {"train", "validation"}  # the recipe tests on none
    assert {step["state"] for step in told["steps"]} == {"reused"}
    assert [told[key] for key in ("outcome", "findings", "renames")] == [
        summary[key] for key in ("outcome", "findings", "renames")
    ]
    assert (command.root / "runs" / told["id"] / "inspection.html").read_text() == page
    _look_at_two_sources(command, photos, options, prefect_server)


def _look_at_two_sources(command: Command, photos: Path, options: tuple[str, ...], server: str) -> None:
    """The same photos with a folder that came since: one new, one that the photos have, one under another label."""
    since = photos.with_name("since")
    for label in ("king", "Queen"):
        (since / label).mkdir(parents=True)
    with zipfile.ZipFile(photos) as zipped:
        (since / "king/same.png").write_bytes(zipped.read("Chess/King/5.png"))
        (since / "Queen/wrong.png").write_bytes(zipped.read("Chess/King/6.png"))
    (since / "Queen/new.png").write_bytes(thin_png(33, 44))
    shown = command("inspect", "chessman", *options, "--source", str(since), server=server)
    assert shown.returncode == 0, shown.stderr
    for text in (
        f"local:{photos}: Chess/Qu een -> Queen: 30 files, split or joined words",
        f"local:{since}: 3 files in 2 classes; 1 of them are in another source, too, and counted there",
        "1 file: the same image as in another source: counted once",
        "2 files: the same pixels stand under another label in another source",
        "inspection.html",
    ):
        assert text in shown.stdout, (text, shown.stdout)
    summaries = [json.loads(path.read_text()) for path in command.root.glob("runs/*/run.json")]
    (summary,) = (one for one in summaries if one.get("sources"))
    assert [source["name"] for source in summary["sources"]] == [f"local:{photos}", f"local:{since}"]
    assert [sum(source[side] for side in ("train", "validation", "test")) for source in summary["sources"]] == [62, 1]
    assert "Images of each source" in (command.root / "runs" / summary["id"] / "inspection.html").read_text()
    with get_client(sync_client=True) as client:
        keys = ArtifactFilter(key=ArtifactFilterKey(any_=["chessman-repair"]))
        newest = max(client.read_artifacts(artifact_filter=keys), key=lambda artifact: artifact.created)
    assert {row["source"] for row in json.loads(newest.data)} == {f"local:{photos}", f"local:{since}"}
    digest = next(step["output"] for step in summary["steps"] if step["name"] == "repair")
    lineage = json.loads(command("lineage", digest, "--json").stdout)
    told = next(node["facts"]["sources"] for node in lineage["nodes"] if node["kind"] == "source")
    assert [source["version"].partition(" ")[0] for source in told] == ["sha256", "folder"]


def _check_the_dashboard() -> None:
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
    assert "'cat5' (1 images) is none of the classes: cat1, cat2" in done.stderr
    assert "--set 'repair.leave_out=[\"cat5\"]'" in done.stderr


def _zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as zipped:
        for name, data in files.items():
            zipped.writestr(name, data)
    return path


@pytest.mark.parametrize(
    ("sizes", "classes", "refused"),
    [
        (
            {"common": 12, "[b]rare": 1, "usual": 12},
            {"[b]rare": {"images": 1}, "common": {"images": 12}, "usual": {"images": 12}},
            "[b]rare has 1: add images of it, leave it out (repair.leave_out: ['[b]rare'])",
        ),
        pytest.param(
            {"only": 9},
            {"only": {"images": 9}},
            "expected at least two classes, received only",
            marks=pytest.mark.soak,
        ),
        ({"a": 0, "b": 0}, {"a": {"images": 0}, "b": {"images": 0}}, "every one was quarantined"),
    ],
    ids=["a class of one image", "one class", "everything quarantined"],
)
def test_what_the_split_will_refuse_has_its_page_and_is_said_everywhere(
    command: Command,
    tmp_path: Path,
    png: Callable[..., bytes],
    prefect_server: str,
    sizes: dict[str, int],
    classes: dict[str, Any],
    refused: str,
) -> None:
    files = {
        f"{name}/{number}.png": png(1000 * index + number, (20, 20))
        for index, (name, count) in enumerate(sizes.items())
        for number in range(count)
    }
    files |= {f"{name}/broken.png": b"\x89PNG\r\n\x1a\nbroken" for name, count in sizes.items() if not count}
    photos = _zip(tmp_path / "photos.zip", files)
    options = ("--source", str(photos), "--set", "repair.classes=[]", "--set", "split.method=exact")
    done = command("inspect", "digits", *options, server=prefect_server)
    assert done.returncode == 0, done.stderr
    assert "the split will refuse this: " in done.stdout
    assert refused in done.stdout
    assert all(name in done.stdout for name in classes)
    summary = json.loads(next(command.root.glob("runs/*/run.json")).read_text())
    assert summary["classes"] == classes
    assert refused in summary["refused"]
    page = (command.root / "runs" / summary["id"] / "inspection.html").read_text()
    assert "The split will refuse this" in page
    with get_client(sync_client=True) as client:
        (run,) = client.read_flow_runs(sort=FlowRunSort.START_TIME_DESC, limit=1)
        shown = {found.key: found for found in client.read_artifacts() if found.flow_run_id == run.id}
    assert (run.state.name, run.name.partition(",")[0]) == ("Completed", "inspect digits: the split will refuse this")
    assert "**The split will refuse this:** " in shown["digits-inspect"].data
    assert "class" in shown["digits-classes"].data


def test_a_doubt_is_shown_whole_where_a_person_looks(
    command: Command, photos: Path, prefect_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    doubt = "which folders are the classes?\n  Chess/[King]/   30 images\n\nthe recipe says: repair.level: leaf"
    monkeypatch.setenv("EVERGREEN_STORE", str(command.root))
    monkeypatch.setattr(flows.inspection.repair.task, "fn", _raises(doubt))
    with pytest.raises(BadDataset):
        flows.inspection.inspect("chessman", None, str(photos))
    summary = json.loads(next(command.root.glob("runs/*/run.json")).read_text())
    assert summary["error"] == f"BadDataset: {doubt}"
    with get_client(sync_client=True) as client:
        (run,) = client.read_flow_runs(sort=FlowRunSort.START_TIME_DESC, limit=1)
        shown = {found.key: found for found in client.read_artifacts() if found.flow_run_id == run.id}
    assert (run.state.name, run.state.message) == ("Failed", f"failed at repair: BadDataset: {doubt}")
    assert f"```text\nBadDataset: {doubt}\n```" in shown["chessman-failure"].data


def _raises(text: str) -> Callable[..., None]:
    def fails(*_: object, **__: object) -> None:
        raise BadDataset(text)

    return fails
