"""evergreen.reports.inspection: every picture of the page is one, and loads in a browser."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from chromium import Browser
from pages import check_in, pictures_of

from evergreen.reports.found import Data, Repairs, Screening, Splits
from evergreen.reports.inspection import Inspected, inspect
from evergreen.sections.data import Augment, Image

_SOLID = {"width": 20, "height": 30, "brightness": 90.0, "sharpness": 12.0, "format": "PNG", "mode": "RGB"}


@pytest.fixture(scope="module")
def page(png: Callable[..., bytes]) -> str:
    """The page of a dataset that has everything an inspection can show."""
    blobs = {hashlib.sha256(data).hexdigest(): data for data in (png(seed, (20, 30)) for seed in range(12))}
    digests = list(blobs)
    dataset = pd.DataFrame([
        {"path": f"{number}.png", "label": "ab"[number % 2], "sha256": digest, "pixels": digest,
         "split": "train" if number < 8 else "test", **_SOLID}
        for number, digest in enumerate(digests)
    ])  # fmt: skip
    data = Data(
        Repairs(
            renames=pd.DataFrame([("A", "", "a", "letters", 6)], columns=["folder", "subset", "label", "why", "count"]),
            dropped=pd.DataFrame(columns=["reason", "count"]),
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
    found = Inspected("pets", "", data, Image(height=16, width=16), Augment(rotation=20), seed=1)
    return inspect(found, blobs.__getitem__)["inspection.html"].decode()


def test_every_figure_is_a_picture_on_light_and_on_dark_ground(page: str) -> None:
    assert [kind for kind, _ in pictures_of(page)] == ["png"] * 12
    assert page.count("<img") == page.count("<source") == 6


def test_every_picture_loads_in_a_browser(page: str, browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "inspection.html").write_text(page, encoding="utf-8")
    check_in(browser, tmp_path / "inspection.html")


def test_groups_and_what_is_said_of_them_are_shown(page: str) -> None:
    assert "<li>3 groups lie on &lt;several&gt; sides</li>" in page
    assert '<td>session &lt;1&gt;</td><td class="text">train</td><td>17</td>' in page
