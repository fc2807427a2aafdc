"""evergreen.datasets.screen: accepted and quarantined add up."""

from collections.abc import Callable

import pandas as pd
import pytest

from evergreen.datasets.screen import screen
from evergreen.sections.data import Screen


@pytest.fixture
def files(png: Callable[..., bytes]) -> dict[str, bytes]:
    return {"a/1": png(1), "a/2": png(2), "a/3": png(1), "b/1": png(4), "b/2": png(2), "b/3": b"", "b/4": b"<html>"}


@pytest.fixture
def dataset(files: dict[str, bytes]) -> pd.DataFrame:
    rows = [(path, path[0], path, len(data)) for path, data in files.items()]
    return pd.DataFrame(rows, columns=["path", "label", "sha256", "bytes"])


def test_every_file_is_accepted_or_quarantined(dataset: pd.DataFrame, files: dict[str, bytes]) -> None:
    found = screen(dataset, files.__getitem__, Screen())
    assert sorted([*found.accepted["path"], *found.quarantine["path"]]) == sorted(files)
    assert dict(zip(found.quarantine["path"], found.quarantine["reason"], strict=True)) == {
        "a/2": "the same pixels stand under another label",
        "b/2": "the same pixels stand under another label",
        "b/3": "empty file",
        "b/4": found.quarantine["reason"].iloc[3],
    }
    assert "not a readable image" in found.quarantine["reason"].iloc[3]
    assert list(zip(found.duplicates["path"], found.duplicates["same_as"], strict=True)) == [("a/3", "a/1")]
    assert set(found.accepted[["width", "height", "format"]].itertuples(index=False, name=None)) == {(12, 10, "PNG")}


def test_conflicting_labels_can_be_kept(dataset: pd.DataFrame, files: dict[str, bytes]) -> None:
    found = screen(dataset, files.__getitem__, Screen(conflicts="keep"))
    assert {"a/2", "b/2"} <= set(found.accepted["path"])


def test_a_dataset_of_bad_files_alone_is_all_quarantined() -> None:
    table = pd.DataFrame([("a/1", "a", "x", 0)], columns=["path", "label", "sha256", "bytes"])
    found = screen(table, lambda _: b"", Screen())
    assert (len(found.accepted), len(found.quarantine)) == (0, 1)


def test_the_limit_in_megapixels_is_the_recipes(png: Callable[..., bytes]) -> None:
    table = pd.DataFrame([("a/1", "a", "x", 0)], columns=["path", "label", "sha256", "bytes"])
    found = screen(table, lambda _: png(1, (200, 100)), Screen(max_megapixels=0.01))
    assert "over the limit of 0.01" in found.quarantine["reason"].iloc[0]
