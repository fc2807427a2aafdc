"""evergreen.reports.predictions: rows that a spreadsheet takes for text, and sheets of a bounded size."""

import csv
import io

import numpy as np
import pytest
from PIL import Image

from evergreen.reports import predictions as module
from evergreen.reports.predictions import ContactSheet, Prediction, caption, write_csv

TOP = (("cat", 0.9), ("=dog", 0.1))


def _rows(*predictions: Prediction, top: int = 2) -> list[dict[str, str]]:
    file = io.StringIO(newline="")
    write_csv(predictions, file, top)
    return list(csv.DictReader(io.StringIO(file.getvalue(), newline="")))


def test_a_row_holds_the_answer_what_comes_next_and_what_is_known() -> None:
    rows = _rows(
        Prediction("a.png", TOP, unsure=True, truth="dog"), Prediction("b.png", TOP), Prediction("c.png", error="empty")
    )
    assert list(rows[0]) == ["image", "label", "probability", "unsure", "truth", "error", "label_2", "probability_2"]
    assert list(rows[0].values()) == ["a.png", "cat", "0.900000", "yes", "dog", "", "'=dog", "0.100000"]
    assert [row["unsure"] for row in rows] == ["yes", "", ""]
    assert list(rows[2].values()) == ["c.png", "", "", "", "", "empty", "", ""]


@pytest.mark.parametrize("name", ["=1+1.png", "+x.png", "-x.png", "@x.png", "\t=x.png", "\n=x.png"])
def test_a_file_name_that_would_be_a_formula_still_names_the_file(name: str) -> None:
    assert _rows(Prediction(name, TOP))[0]["image"] == f"./{name}"


@pytest.mark.parametrize("name", ['a,"b".png', "new\nline.png", "ü 日本.png", "a=b.png"])
def test_other_names_come_back_as_they_are(name: str) -> None:
    assert _rows(Prediction(name, TOP))[0]["image"] == name


def test_json_holds_what_is_known() -> None:
    assert Prediction("a", error="empty").as_json() == {"image": "a", "error": "empty"}
    likeliest = [{"label": "cat", "probability": 0.9}, {"label": "=dog", "probability": 0.1}]
    assert Prediction("a", TOP).as_json() == {"image": "a", "top": likeliest, "unsure": None}
    assert Prediction("a", TOP, False, "cat").as_json()["truth"] == "cat"


def test_captions_say_the_answer_the_truth_and_the_whole_name_in_a_width_that_fits() -> None:
    assert caption(Prediction("x/photo.png", TOP)) == "cat\n90%\nphoto.png"
    assert caption(Prediction("x", TOP, True, "cat")) == "cat\n90% unsure right\nx"
    assert caption(Prediction("x", TOP, False, "dog")) == "cat\n90% wrong: dog\nx"
    whole = "a-photo-of-the-black-king-from-2026-11-29.jpeg"
    assert caption(Prediction(f"x/{whole}", TOP)).replace("\n", "") == f"cat90%{whole}"
    odd = caption(Prediction(f"{'long ' * 20}\x1b\n$x$.png", ((f"{'name ' * 20}", 1.0),), True))
    assert all(line.isprintable() and len(line) <= 22 for line in odd.split("\n"))
    assert odd.endswith("$x$.png")


def test_a_sheet_has_pages_each_written_once_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PAGES", 2)
    pages: dict[int, bytes] = {}
    sheet = ContactSheet(pages.__setitem__)
    red = np.full((30, 40, 3), (255, 0, 0), np.uint8)
    for number in range(100):
        sheet.add(Prediction(f"$\\frac{{{number}$.png", TOP), red)
        assert len(pages) == min((number + 1) // 48, 2)
    sheet.close()
    assert (sheet.pages, sheet.shown, sheet.left_out) == (2, 96, 4)
    image = np.asarray(Image.open(io.BytesIO(pages[2])).convert("RGB"))
    assert ((image == (255, 0, 0)).all(axis=2).mean()) > 0.3
    few = ContactSheet(pages.__setitem__)
    few.close()
    assert few.pages == 0
    few.add(Prediction("a.png", TOP), red)
    few.close()
    assert few.pages == 1
