"""evergreen.datasets.deciding.decided: what decisions make of a dataset, through repair and alone."""

import hashlib

import pandas as pd
import pytest
from made_tables import files_of

from evergreen.datasets.deciding.decided import LEFT_OUT
from evergreen.datasets.repair import Repaired, repair
from evergreen.datasets.screen import screen
from evergreen.decisions.decision import Decision, Decisions
from evergreen.errors import BadDataset
from evergreen.sections.data import Screen
from evergreen.sections.labels import Labels, Repair

CLASSES = ["glass/1.png", "glass/2.png", "paper/1.png", "paper/2.png", "paper/3.png"]
PATHS = [*(f"train/{path}" for path in CLASSES), "unlabelled/9.png"]
GLASS, _, PAPER, SECOND, THIRD, FREE = (f"{index:064x}" for index in range(6))
GONE = "f" * 64


def _repaired(made: dict[str, Decision], files: pd.DataFrame | None = None, **values: object) -> Repaired:
    table = files_of(PATHS) if files is None else files
    return repair(table, Repair(**values), Labels(), lambda _: b"", Decisions(made))  # type: ignore[arg-type]


def _rows(found: Repaired) -> list[tuple[str, str, str]]:
    return list(found.dataset[["path", "label", "subset"]].itertuples(index=False, name=None))


def test_images_move_go_and_stay_and_each_decision_says_what_became_of_it() -> None:
    made = {
        PAPER: Decision("relabel", "glass", "paper"),
        SECOND: Decision("leave out"),
        THIRD: Decision("keep", was="paper"),
        GLASS: Decision("relabel", "glass"),
        FREE: Decision("relabel", "paper", ""),
        GONE: Decision("relabel", "no class of this dataset"),
    }
    plain, found = _repaired({}), _repaired(made)
    assert _rows(found) == [
        ("paper/9.png", "paper", ""),  # it is dealt: nobody said on which side it is
        ("train/glass/2.png", "glass", "train"),
        # Two files are called glass/1.png now, so that their whole paths stand below the class.
        ("train/glass/train/glass/1.png", "glass", "train"),
        ("train/glass/train/paper/1.png", "glass", "train"),
        ("train/paper/3.png", "paper", "train"),
    ]
    assert dict(found.dropped.itertuples(index=False)) == dict(plain.dropped.itertuples(index=False)) | {LEFT_OUT: 1}
    assert found.notes["note"].iloc[0] == (
        "6 decisions about single images: 4 of them apply here (2 relabelled, 1 left out, 1 kept); 1 says what the "
        "folders say already; 1 is about an image that is not here"
    )
    assert found.decisions is not None
    assert list(found.decisions.itertuples(index=False, name=None)) == sorted(
        [
            (PAPER, "relabel", "glass", "paper", 1, "applied"),
            (SECOND, "leave out", "", "paper", 1, "applied"),
            (THIRD, "keep", "", "paper", 1, "applied"),
            (GLASS, "relabel", "glass", "glass", 1, "says so already"),
            (FREE, "relabel", "paper", "", 1, "applied"),
            (GONE, "relabel", "no class of this dataset", "", 0, "no such image"),
        ]
    )
    assert plain.decisions is None
    assert not plain.notes["note"].str.contains("decision").any()


def test_decisions_survive_other_names_and_an_image_in_two_classes_is_settled_by_one() -> None:
    files = files_of(["x/Glass/a.png", "x/Paper/b.png", "x/Paper/c.png"])
    files.loc[1, "sha256"] = files.loc[0, "sha256"]
    settled = _repaired({GLASS: Decision("relabel", "glass", "paper")}, files)
    assert list(settled.dataset["label"]) == ["Glass", "Glass", "Paper"]
    renamed = _repaired({GLASS: Decision("relabel", "bottles")}, files, rename={"bottles": "Glass"})
    assert renamed.dataset.equals(settled.dataset)
    kept = _repaired({GLASS: Decision("keep", was="Glass")}, files)
    assert list(kept.dataset["label"]) == ["Glass", "Paper", "Paper"]
    assert "x/Glass/a.png (kept as Glass, now Glass + Paper)" in kept.notes["note"].iloc[1]
    assert "1 no longer settles anything" in kept.notes["note"].iloc[0]


def test_what_two_sources_call_otherwise_is_settled_and_counted_once() -> None:
    files = pd.concat([files_of(["glass/a.png", "paper/b.png"]), files_of(["paper/a.png", "glass/c.png"])])
    files["sha256"] = [GLASS, PAPER, GLASS, THIRD]
    files["source"] = ["one", "one", "two", "two"]
    files = files.reset_index(drop=True)
    assert len(_repaired({}, files).dataset) == 4
    found = _repaired({GLASS: Decision("relabel", "paper")}, files)
    assert found.dataset["sha256"].value_counts()[GLASS] == 1
    assert found.dataset.set_index("sha256")["label"][GLASS] == "paper"


def test_the_same_pixels_in_two_classes_are_no_longer_quarantined() -> None:
    """Screening takes away pixels that stand under two labels; a decision gives both files one label."""
    digest = hashlib.sha256(b"x").hexdigest()
    files = files_of(["glass/a.png", "paper/b.png", "paper/c.png"])
    files.loc[[0, 1], "sha256"] = digest

    class Answers:
        def get(self, keys: list[str]) -> dict[str, object]:
            measures = {"width": 1, "height": 1, "mode": "L", "format": "PNG", "brightness": 0.0, "sharpness": 0.0}
            return {key: measures | {"pixels": key, "phash": "0" * 16} for key in keys}

        put = None

    def accepted(made: dict[str, Decision]) -> list[str]:
        table = _repaired(made, files).dataset
        return list(screen(table, None, None, Screen(), Answers(), 1).accepted["label"])  # type: ignore[arg-type]

    assert accepted({}) == ["paper"]
    assert accepted({digest: Decision("relabel", "glass")}) == ["glass", "glass", "paper"]


def test_a_class_that_is_none_is_refused_where_its_image_is_here_and_an_emptied_one_is_said() -> None:
    with pytest.raises(
        BadDataset, match=r"'glas' of the image 000000000000\.\.\. \(did you mean 'glass'\?\)"
    ) as refused:
        _repaired({PAPER: Decision("relabel", "glas"), GONE: Decision("relabel", "metal")})
    assert "metal" not in str(refused.value)
    made = {digest: Decision("leave out") for digest in (PAPER, SECOND, THIRD)}
    assert "the decisions leave no image of the class 'paper'" in list(_repaired(made).notes["note"])
