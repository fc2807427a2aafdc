"""evergreen.reports.comparison: pictures that changed sides are shown, few of many, and names mean no markup."""

from collections.abc import Callable
from pathlib import Path

from chromium import Browser
from judged_runs import leave
from pages import check_in, pictures_of

from evergreen.reports.comparison import MOST_PICTURES, comparison
from runs.looking.compared import Compared
from runs.looking.comparing import compare_runs
from storage.store import Store


def _found(store: Store, png: Callable[..., bytes]) -> Compared:
    names = [f"a{number}" for number in range(MOST_PICTURES + 6)] + ["b<b>"]
    pictures = {name: png(seed) for seed, name in enumerate(names)}
    leave(store, "first-1", dict.fromkeys(names, "a"), pictures=pictures)
    leave(store, "second-2", dict.fromkeys(names, "b"), pictures=pictures, seed=8)
    return compare_runs(store, "first-1", "second-2")


def test_the_page_shows_pictures_of_both_sides(store: Store, png: Callable[..., bytes]) -> None:
    found = _found(store, png)
    page = comparison(found, store.read_blob, None).decode()
    assert pictures_of(page) == [("png", (12, 10))] * (MOST_PICTURES + 1)
    assert f"Right before, wrong now: {MOST_PICTURES + 6}" in page
    assert "Wrong before, right now: 1" in page
    assert "b&lt;b&gt;.png" in page
    assert "McNemar p = " in page
    assert comparison(found, store.read_blob, None).decode() == page
    assert "not stored any more" in comparison(found, lambda _: None, None).decode()
    assert pictures_of(comparison(found, lambda _: b"no picture", None).decode()) == []


def test_it_fits_a_desk_and_a_phone(store: Store, png: Callable[..., bytes], tmp_path: Path, browser: Browser) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(comparison(_found(store, png), store.read_blob, None))
    check_in(browser, path)
