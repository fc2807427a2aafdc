"""evergreen.reports.inspection: every picture of the page is one, and loads in a browser."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import pandas as pd
import pytest
from chromium import Browser
from pages import check_in, pictures_of
from screens import ball, busy

from evergreen.reports.found import Data, Repairs, Screening, Splits, by_source
from evergreen.reports.inspection import Inspected, inspect
from evergreen.sections.augment import Augment, Erasing
from evergreen.sections.background import Background
from evergreen.sections.data import Image
from evergreen.sources.archives.names import visible_lines

_SOLID = {"width": 20, "height": 30, "brightness": 90.0, "sharpness": 12.0, "format": "PNG", "mode": "RGB"}


@pytest.fixture(scope="module")
def inspected(png: Callable[..., bytes]) -> tuple[Inspected, dict[str, bytes]]:
    """A dataset that has everything an inspection can show, and its images by digest."""
    blobs = {hashlib.sha256(data).hexdigest(): data for data in (png(seed, (20, 30)) for seed in range(12))}
    digests = list(blobs)
    dataset = pd.DataFrame([
        {"path": f"{number}.png", "label": "ab"[number % 2], "sha256": digest, "pixels": digest,
         "split": "train" if number < 8 else "test", **_SOLID}
        for number, digest in enumerate(digests)
    ])  # fmt: skip
    data = Data(
        Repairs(
            renames=pd.DataFrame([("A", "", "a", "renamed", "letters", 6), ("b", "", "b", "class", "as it is", 6)],
                                 columns=["folder", "subset", "label", "what", "why", "count"]),
            dropped=pd.DataFrame([("a sound", 4)], columns=["reason", "count"]),
            notes=pd.DataFrame([("the folders <i>x</i> are groups",)], columns=["note"]),
        ),
        Screening(
            quarantine=pd.DataFrame([("x.png", digests[0], "too small")], columns=["path", "sha256", "reason"]),
            duplicates=pd.DataFrame([("0.png", "2.png")], columns=["path", "same_as"]),
            near_duplicates=pd.DataFrame([("1.png", "3.png", 2)], columns=["path", "near", "distance"]),
        ),
        Splits(
            classes=["a", "b"], dataset=dataset, unlabelled=dataset.head(0), aside=dataset.head(0),
            leakage=pd.DataFrame(columns=["path", "split", "near", "near_split", "distance"]),
            groups=pd.DataFrame([("session <1>", "train", 17)], columns=["group", "split", "count"]),
            notes=["3 groups lie on <several> sides"],
        ),
        weights={"a": 1.0, "b": 1.0},
    )  # fmt: skip
    return Inspected("pets", "", data, Image(height=16, width=16), Augment(rotation=20), seed=1), blobs


@pytest.fixture(scope="module")
def page(inspected: tuple[Inspected, dict[str, bytes]]) -> str:
    return _page(*inspected)


def _page(found: Inspected, blobs: dict[str, bytes]) -> str:
    return inspect(found, blobs.__getitem__)["inspection.html"].decode()


def _refused(found: Inspected, classes: list[str], images: pd.DataFrame) -> Inspected:
    splits = replace(found.data.splits, classes=classes, dataset=images.drop(columns="split"))
    return replace(found, data=replace(found.data, splits=splits, weights={}), refused="b has <1>:\nleave it out")


def test_every_figure_is_a_picture_on_light_and_on_dark_ground(page: str) -> None:
    assert [kind for kind, _ in pictures_of(page)] == ["png"] * 12
    assert page.count("<img") == page.count("<source") == 6


def test_every_picture_loads_in_a_browser(page: str, browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "inspection.html").write_text(page, encoding="utf-8")
    check_in(browser, tmp_path / "inspection.html")


def test_groups_and_what_is_said_of_them_are_shown(page: str) -> None:
    assert "<li>3 groups lie on &lt;several&gt; sides</li>" in page
    assert '<td>session &lt;1&gt;</td><td class="text">train</td><td>17</td>' in page


def test_the_tree_of_folders_is_told(page: str) -> None:
    for text in (
        "<b>folders</b> 1 folder is the class that it names",
        "<b>dropped</b> 4 files: a sound",
        "<b>note</b> the folders &lt;i&gt;x&lt;/i&gt; are groups",
        "1 file: too small",
    ):
        assert text in page, text


def test_the_images_of_each_source_are_counted_where_there_are_several(
    inspected: tuple[Inspected, dict[str, bytes]], page: str
) -> None:
    assert "Images of each source" not in page
    found, blobs = inspected
    splits, quarantine = found.data.splits, found.data.screening.quarantine
    paths = [*splits.dataset["path"], *quarantine["path"]]
    sources = pd.DataFrame({"path": paths, "source": ["<b>"] * 9 + ["new"] * (len(paths) - 9)})
    renames = found.data.repairs.renames.assign(source=["<b>", "new"])
    data = replace(
        found.data,
        sources=by_source(sources, quarantine, splits),
        repairs=replace(found.data.repairs, renames=renames),
    )
    shown = _page(replace(found, data=data), blobs)
    for text in (
        "<th>train</th><th>test</th><th>quarantined</th>",
        "<th>quarantined</th><th>of all training images</th>",
        '<td class="text">&lt;b&gt;</td><td>8</td><td>1</td><td>0</td><td>100.0%</td>',
        '<td class="text">new</td><td>0</td><td>3</td><td>1</td>',
        '<td class="text">&lt;b&gt;</td><td class="text">A</td>',
    ):
        assert text in shown, text
    refused = _refused(found, ["a", "b"], splits.dataset).data.splits
    assert by_source(sources, quarantine, refused).to_dict("list") == {
        "source": ["<b>", "new"], "images": [9, 3], "quarantined": [0, 1],
    }  # fmt: skip


@pytest.mark.parametrize("images", [12, 1, 0])
def test_what_the_split_refuses_is_shown_all_the_same(
    inspected: tuple[Inspected, dict[str, bytes]], images: int
) -> None:
    found, blobs = inspected
    page = _page(_refused(found, ["a", "b", "none"], found.data.splits.dataset.head(images)), blobs)
    assert "The split will refuse this" in page
    assert "b has &lt;1&gt;:\nleave it out" in page
    counts = {12: (6, 6), 1: (1, 0), 0: (0, 0)}[images]
    for name, count in zip(("a", "b", "none"), (*counts, 0), strict=True):
        assert f'<td class="text">{name}</td><td>{count}</td></tr>' in page
    assert "class weight" not in page
    assert page.count("<img") == {12: 6, 1: 5, 0: 1}[images]
    assert page.count("<img") == page.count("<source")


def test_a_page_of_a_single_class_can_be_drawn(inspected: tuple[Inspected, dict[str, bytes]]) -> None:
    found, blobs = inspected
    images = found.data.splits.dataset
    assert ". 1 class. " in _page(_refused(found, ["a"], images[images["label"] == "a"]), blobs)


@pytest.mark.soak
def test_a_page_of_hundreds_of_classes_can_be_drawn(inspected: tuple[Inspected, dict[str, bytes]]) -> None:
    found, blobs = inspected
    images = found.data.splits.dataset
    many = _page(_refused(found, ["a", "b", *map(str, range(600))], images), blobs)
    assert "The picture shows the 50 largest and the 50 smallest of them." in many
    assert '<td class="text">599</td><td>0</td>' in many


def test_a_class_may_be_called_anything(inspected: tuple[Inspected, dict[str, bytes]]) -> None:
    found, blobs = inspected
    names = ["$x^$", "\x1b[2J\u202e", "a\nb", "_"]
    images = found.data.splits.dataset
    named = images.assign(label=[names[number % 4] for number in range(len(images))])
    page = _page(_refused(found, names, named), blobs)
    for name in names:
        assert f'<td class="text">{visible_lines(name)}</td><td>3</td>' in page


def test_views_are_mixed_as_a_training_mixes_them(inspected: tuple[Inspected, dict[str, bytes]]) -> None:
    found, blobs = inspected
    mixed = inspect(replace(found, augment=Augment(mixup=1, erasing=Erasing(size=4))), blobs.__getitem__)
    page = mixed["inspection.html"].decode()
    assert "mixup 1.0" in page
    assert "erasing (probability 0.5, area (0.02, 0.33), aspect (0.3, 3.3), size 4, fill noise)" in page
    assert "mixed among themselves" in page
    unmixed = inspect(replace(found, augment=Augment(erasing=Erasing(size=4))), blobs.__getitem__)
    assert "mixed among themselves" not in unmixed["inspection.html"].decode()
    assert mixed["augmentation.png"] != unmixed["augmentation.png"]


def test_what_is_cut_out_and_what_is_put_behind_it_are_shown(inspected: tuple[Inspected, dict[str, bytes]]) -> None:
    found, blobs = inspected
    behind = replace(found, augment=Augment(background=Background()))
    noise = {digest: cv2.imencode(".png", busy(30, 20, seed))[1].tobytes() for seed, digest in enumerate(blobs)}
    without = inspect(behind, noise.__getitem__)
    assert "backgrounds.png" not in without
    assert "replaces nothing: none of 8 training images has a background" in without["inspection.html"].decode()
    screens = {digest: cv2.imencode(".png", ball(30, 20)[0])[1].tobytes() for digest in blobs}
    shown = inspect(behind, screens.__getitem__)
    page = shown["inspection.html"].decode()
    assert "8 of 8 training images (100%) have a uniform background, replaced in 50% of their views" in page
    assert 'alt="Training images, what is cut out of them, and views with another background"' in page
    assert "background (with (" in page
    assert shown["augmentation.png"] != inspect(found, screens.__getitem__)["augmentation.png"]
    assert "Backgrounds:" not in inspect(found, screens.__getitem__)["inspection.html"].decode()
