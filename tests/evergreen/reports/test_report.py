"""evergreen.reports: the report holds every section, stands alone, and has the same bytes every time."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from chromium import Browser
from pages import check_in, pictures_of

from evergreen.decisions.decision import Decision
from evergreen.images.thumbnails import grey_png
from evergreen.judging.baseline import Baseline
from evergreen.judging.calibration import calibrate, reliability
from evergreen.judging.folds import pool
from evergreen.judging.metrics import by_class, confusion_table, losses, measure
from evergreen.judging.shortcuts import SHORTCUTS, loss_under
from evergreen.judging.verdict import judge
from evergreen.reports import pictures
from evergreen.reports.found import (
    Calibrated,
    Data,
    Diagnosed,
    Evaluated,
    Exported,
    Heats,
    Repairs,
    Screening,
    Shortcuts,
    Splits,
    Trained,
)
from evergreen.reports.looking.looked_at import Looking
from evergreen.reports.report import Findings, report
from evergreen.reports.this_run import fill_in
from evergreen.vision.formats.verification import RuntimeResult, Verification

CLASSES = ["cat & co", "<b>dog</b>"]
RAN = {"accuracy_low": 0.8, "accuracy_high": 0.95, "threads": 1}
MOVED = {"path": "a/far.png", "label": "dog", "keras": "dog", "answer": "cat & co", "difference": 0.4321}


def _verification(name: str, verified: Any, reason: str, ran: bool, moved: tuple[dict[str, Any], ...]) -> Verification:
    shown = {"agreement": 1.0, "max_difference": 0.01, "accuracy": 0.9} if ran else {}
    result = RuntimeResult("its runtime", verified, reason, **shown, **(RAN if ran else {}))
    least = (shown.get(name) for name in ("agreement", "max_difference", "accuracy"))
    return Verification(name, verified, reason, *least, 0.8, 0.95, 20 if ran else 0, 2048, (result,), moved)


PASSED = _verification("savedmodel", "passed", "", True, ())
FAILED = _verification("tflite-int8", "failed", "agreement 90 %, at least 95 % expected", True, (MOVED,))
ABSENT = _verification("tfjs", "not verified", "install Node.js", False, ())
FIRST = {
    "verdict": "promote",
    "summary": "the first champion",
    "checks": [{"passed": True, "text": "accuracy 60.00 % is at least 50.00 %"}],
    "split": "test",
    "classes": [],
    "shared": None,
}


class Made:
    """A report's findings, whose numbers are real, and the images in it."""

    def __init__(self, png: Callable[..., bytes]) -> None:
        self.blobs = {hashlib.sha256(data).hexdigest(): data for data in (png(seed, (70, 90)) for seed in range(60))}
        rng = np.random.default_rng(0)
        truth = np.arange(60) % 2
        scores = rng.dirichlet((1, 1), 60) + np.eye(2)[truth]
        scores /= scores.sum(axis=1, keepdims=True)
        self.dataset = pd.DataFrame({
            "path": [f"{number:02}.png" for number in range(60)],
            "label": [CLASSES[index] for index in truth],
            "sha256": list(self.blobs),
            "split": ["train"] * 30 + ["validation"] * 10 + ["test"] * 20,
        })  # fmt: skip
        side = {name: np.flatnonzero(self.dataset["split"] == name) for name in ("train", "validation", "test")}
        metrics = {name: measure(truth[at], scores[at], 1) for name, at in side.items()}
        test, validation = side["test"], side["validation"]
        answers = scores.argmax(axis=1)
        found = by_class(truth[test], answers[test], CLASSES)
        self.predictions = self.dataset[["path", "label", "split"]].assign(
            predicted=[CLASSES[index] for index in answers], probability=scores.max(axis=1), loss=losses(truth, scores)
        )
        changes = [loss_under(SHORTCUTS[5], np.ones(20, bool), np.arange(20) < 4)]
        changes += [loss_under(SHORTCUTS[6], np.ones(3, bool), np.ones(3, bool))]
        none = pd.DataFrame(columns=["path"])
        self.findings = Findings(
            name="pets",
            title="Cats & dogs",
            data=Data(
                Repairs(
                    pd.DataFrame(
                        [
                            ("<i>cats", "", "cat & co", "renamed", "the recipe", 30),
                            ("dogs\u202e", "", "<b>dog</b>", "class", "as it is", 30),
                        ],
                        columns=["folder", "subset", "label", "what", "why", "count"],
                    ),
                    pd.DataFrame([("a text file", 3)], columns=["reason", "count"]),
                    pd.DataFrame([("the folders <b>front</b>, back are groups",)], columns=["note"]),
                ),
                Screening(
                    quarantine=pd.DataFrame([("x/broken.png", "not an image")], columns=["origin", "reason"]),
                    duplicates=pd.DataFrame([("a.png", "b.png")], columns=["path", "same_as"]),
                    near_duplicates=none,
                ),
                Splits(
                    CLASSES,
                    self.dataset,
                    leakage=none,
                    unlabelled=none,
                    aside=none,
                    groups=pd.DataFrame([("session <1>", "train", 17)], columns=["group", "split", "count"]),
                    notes=["3 groups lie on <several> sides"],
                ),
                weights=dict.fromkeys(CLASSES, 1.0),
            ),
            training=Trained(
                pd.DataFrame({
                    "phase": [1, 1, 2], "loss": [0.9, 0.7, 0.6], "accuracy": [0.5, 0.6, 0.7],
                    "val_loss": [0.9, 0.8, 0.9], "val_accuracy": [0.5, 0.6, 0.6], "kept": ["False", "True", "False"],
                }),
                {
                    "why": "time limit",
                    "phases": [{"phase": 1, "epochs": 3, "of": 9, "midway": False, "why": "time limit"}],
                },
            ),
            evaluation=Evaluated(
                judged="test",
                top_k=1,
                metrics=metrics,
                per_class=found.per_class,
                averages=found.averages,
                confusion=confusion_table(found.confusion, CLASSES),
                predictions=self.predictions,
                verdict=judge(metrics, "test", 0.5).as_json(),
            ),
            baseline=Baseline({"why": "a cnn has no pretrained backbone"}, none),
            calibration=Calibrated(
                calibrate((truth[validation], scores[validation]), (truth[test], scores[test]), 0.95).as_json(),
                dict.fromkeys(("as it is", "scaled"), reliability(truth[test], scores[test])),
            ),
            shortcuts=Shortcuts(
                {"sample": 20, "changes": [loss.as_json() for loss in changes]}, {"as it is": png(1), "grey": png(2)}
            ),
            exports=Exported(
                [PASSED.as_json(), FAILED.as_json(), ABSENT.as_json()],
                {"savedmodel": 1024, "tflite-int8": 2048, "tfjs": 4096},
            ),
            comparison=FIRST,
            diagnosis=Diagnosed(
                {
                    "words": "Of 60 labels about 3.3% are wrong.",
                    "counts": {"label_error": 2, "outlier": 0},
                    "notes": ["by <b>pixels</b>"],
                    "not_judged": ["owls: too few"],
                    "overlap": [{"one": "cat & co", "other": "<b>dog</b>", "images": 2, "share": 0.03}],
                },
                pd.DataFrame(
                    [
                        (rank, row["path"], row["sha256"], "label_error", row["label"], "<b>dog</b>", 0.9, "looks <so>")
                        for rank, row in enumerate(self.dataset.iloc[[59, 0]].to_dict("records"), start=1)
                    ],
                    columns=["rank", "path", "sha256", "kind", "label", "suggested", "confidence", "reason"],
                ),
            ),
        )  # fmt: skip

    def data(self, **changes: object) -> Data:
        """The findings' data, with other splits."""
        data = self.findings.data
        return replace(data, splits=replace(data.splits, **changes))  # type: ignore[arg-type]

    def evaluation(self, **changes: object) -> Evaluated:
        return replace(self.findings.evaluation, **changes)  # type: ignore[arg-type]

    def files(self, **changes: object) -> dict[str, bytes | Path]:
        return report(replace(self.findings, **changes), self.blobs.__getitem__)  # type: ignore[arg-type]

    def page(self, **changes: object) -> str:
        page = self.files(**changes)["report.html"]
        assert isinstance(page, bytes)
        return page.decode()


@pytest.fixture(scope="module")
def made(png: Callable[..., bytes]) -> Made:
    return Made(png)


@pytest.fixture(scope="module")
def page(made: Made) -> str:
    return made.page()


def test_the_page_has_every_section_and_its_numbers(made: Made, page: str) -> None:
    titles = re.findall(r"<h2[^>]*>(.*?)</h2>", page)
    assert titles[1:] == [
        "Per class", "Confusion matrix", "Training", "Calibration", "Threshold", "Highest loss", "Labels", "Shortcuts",
        "Data", "Exports",
    ]  # fmt: skip
    fit = made.findings.evaluation.verdict["verdict"]
    assert titles[0] == f"<!-- standing -->May be champion<!-- standing -->, {fit}"
    assert page.count('<div class="card ') == 1
    links = set(re.findall(r'href="#([a-z-]+)"', page))
    assert links == set(re.findall(r'<h2 id="([a-z-]+)"', page)) | {"this-run"}
    test = made.findings.evaluation.metrics["test"]
    for number in (test["accuracy"], test["accuracy_low"], test["accuracy_high"]):
        assert f"{100 * number:.1f}"[:4] in page
    assert f"{test['loss']:.4f}" in page
    assert "20.0 %" in page  # accuracy without colour
    assert "The model leans on colour (points of accuracy lost: grey 80.0)." in page
    assert "Not measured, on fewer than 10 images: plain background." in page
    assert "It ended: train.time_limit_minutes cut it short (phase 1: 3 of 9 epochs, time limit)." in page
    assert "not measured: fewer than 10 images" in page
    assert "x/broken.png" in page
    assert "install Node.js" in page
    assert "tflite-int8 is not released</h3>" in page
    assert "a/far.png" in page
    assert "<td>0.43</td>" in page
    assert "2 phases; epoch 2 was kept" in page


def test_labels_that_are_suspect_are_shown_with_the_accuracy_without_them(made: Made, page: str) -> None:
    assert "Of 60 labels about 3.3% are wrong." in page
    assert "On the 19 test images that are not suspect the accuracy is" in page
    assert "label error, test: 59.png" in page
    assert "label error, train: 00.png" in page
    assert "&lt;b&gt;dog&lt;/b&gt;?</span> 90 %" in page
    assert "looks &lt;so&gt;" in page
    assert "owls: too few" in page
    assert "The first 2 of 2: 2 label error" in page
    assert "by &lt;b&gt;pixels" in page
    assert 'id="decided"' not in page
    found = made.findings.diagnosis
    first = found.suspects["sha256"].iloc[0]
    decided = made.page(diagnosis=replace(found, made={first: Decision("leave out")}))
    assert "Decided by people: 1 of 2 rows: not shown, nor asked about again." in decided
    assert "label error, test: 59.png" not in decided
    assert "label error, train: 00.png" in decided
    assert "The first 1 of 1 that are not decided; in all: 2 label error" in decided
    nothing = Diagnosed({"why": "", "words": "No label was judged: one class.", "counts": {}, "notes": [],
                         "not_judged": [], "overlap": []}, made.findings.diagnosis.suspects.head(0))  # fmt: skip
    without = made.page(diagnosis=nothing)
    assert "No label was judged: one class." in without
    assert "not-suspect" not in without


def test_every_picture_is_one(made: Made, page: str) -> None:
    kinds = [kind for kind, _ in pictures_of(page)]
    assert kinds.count("png") == 2 * 3 + len(made.findings.shortcuts.examples)  # three figures, light and dark
    assert kinds.count("jpeg") == 18 + 2


def test_every_picture_loads_in_a_browser(page: str, browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text(page, encoding="utf-8")
    check_in(browser, tmp_path / "report.html")


def test_heat_maps_lie_beside_their_pictures_and_are_called_a_hint(
    made: Made, browser: Browser, tmp_path: Path
) -> None:
    judged = made.predictions[made.predictions["split"] == "test"].sort_values("loss", ascending=False)
    wrong = judged.index[0]
    predictions = made.predictions.copy()
    right = predictions.loc[wrong, "label"]
    predictions.loc[wrong, "predicted"] = other = next(name for name in CLASSES if name != right)
    images = [
        {"path": path, "maps": [{"label": label, "file": "0"} for label in labels]}
        for path, labels in zip(
            judged["path"].head(14), [[other, right], *([one] for one in judged["predicted"].iloc[1:14])], strict=True
        )
    ]
    heat = Heats({"method": "grad-cam", "images": images}, {"0": grey_png(np.full((70, 90), 200, np.uint8))})
    page = made.page(heat=heat, evaluation=made.evaluation(predictions=predictions))
    assert '<a href="#heat-maps">Heat maps</a>' in page
    section = page.partition('id="heat-maps"')[2].partition("<h2")[0]
    assert "Grad-CAM (Selvaraju et al. 2017)" in section
    assert "A heat map is a hint, no proof." in section
    assert section.count("data:image/webp") == 14 + 15
    assert section.count("the true class</span>") == 1
    assert "<summary>8 more</summary>" in section
    assert f'alt="Heat map for {escape(other)}"' in section
    assert "<b>dog</b>" not in section
    assert len(section) < 400_000
    (tmp_path / "report.html").write_text(page, encoding="utf-8")
    check_in(browser, tmp_path / "report.html")


def test_with_many_classes_the_page_shows_the_weakest_first_and_stays_small(made: Made) -> None:
    classes = [f"class {number}" for number in range(1200)]
    truth, answers = np.arange(1200), (np.arange(1200) + (np.arange(1200) == 7)) % 1200
    found = by_class(truth, answers, classes)
    dataset = pd.DataFrame({"path": classes, "label": classes, "sha256": next(iter(made.blobs)), "split": "test"})
    predictions = dataset[["path", "label", "split"]].assign(
        predicted=[classes[index] for index in answers], probability=0.5, loss=1.0
    )
    data = replace(made.data(classes=classes, dataset=dataset), weights=dict.fromkeys(classes, 1.0))
    confusion = confusion_table(found.confusion, classes)
    numbers = {"per_class": found.per_class, "averages": found.averages, "confusion": confusion}
    page = made.page(data=data, evaluation=made.evaluation(predictions=predictions, **numbers))
    assert len(page) < 2.25e6
    shown = page.partition("The 20 classes of the lowest F1:")[2].partition("</table>")[0]
    assert re.findall(r"<tr><td>(class \d+)<", shown)[:3] == ["class 7", "class 8", "class 0"]
    assert page.count("<td>class 1199</td>") == 3  # all behind a summary
    assert 'class="matrix"' not in page


def _looking() -> Looking:
    """Pictures of all images, and a place for every judged one."""
    paths = [f"{number:02}.png" for number in range(40, 60)]
    spread = np.linspace(-1, 1, 20).round(4)
    places = pd.DataFrame({"path": paths, "pca_x": spread, "pca_y": -spread, "tsne_x": -spread, "tsne_y": spread})
    tiles = np.random.default_rng(0).integers(0, 256, (60, 40, 40, 3)).astype(np.uint8)
    projection = {"variance": 0.3, "kept": {"pca": 0.2, "tsne": 0.6}}
    return Looking(lambda asked: [tiles[: len(asked)]], places, projection)


def test_cells_of_the_matrix_open_and_images_lie_on_a_map(made: Made, browser: Browser, tmp_path: Path) -> None:
    predictions = made.predictions.assign(
        predicted=made.predictions["label"].mask(made.predictions.index == 51, "cat & co")
    )
    counts = pd.DataFrame([["cat & co", 10, 0], ["<b>dog</b>", 1, 9]], columns=["label", *CLASSES])
    evaluation = made.evaluation(predictions=predictions, confusion=counts)
    page = made.page(evaluation=evaluation, looking=_looking())
    assert page == made.page(evaluation=evaluation, looking=_looking())
    assert '<a href="#map-of-the-data">' in page
    assert re.findall(r'<a href="#(cell-[0-9-]+)"[^>]*>(\d+)</a>', page) == [
        ("cell-0-0", "10"), ("cell-1-0", "1"), ("cell-1-1", "9"), ("cell-1-0", "1"),
    ]  # fmt: skip
    cell = page[page.index('id="cell-1-0"') : page.index('id="cell-1-1"')]
    assert "&lt;b&gt;dog&lt;/b&gt;, answered cat &amp; co: 1 image<" in cell
    assert "51.png" in cell
    assert "and 6 more. " in page[page.index('id="cell-0-0"') : page.index('id="cell-1-0"')]
    assert "<b>dog</b>" not in page
    assert "All 20 test images" in page
    assert [kind for kind, _ in pictures_of(page)].count("webp") == 1
    path = tmp_path / "report.html"
    path.write_text(page, encoding="utf-8")
    check_in(browser, path)
    display = "getComputedStyle(document.getElementById('cell-1-0')).display"
    assert browser.evaluate(display) == "none"
    browser.evaluate("document.querySelector('a[href=\"#cell-1-0\"]').click()")
    browser.wait_for(f"{display} === 'block'")
    browser.evaluate("document.querySelector('#cell-1-0 a').click()")
    browser.wait_for(f"{display} === 'none'")


def test_of_many_classes_the_most_confused_pairs_open(made: Made) -> None:
    classes = [f"class {number}" for number in range(40)]
    truth = np.arange(160) % 40
    answers = np.where(truth < 5, 39, truth)
    found = by_class(truth, answers, classes)
    dataset = pd.DataFrame({
        "path": [f"{number}.png" for number in range(160)], "label": [classes[at] for at in truth],
        "sha256": next(iter(made.blobs)), "split": "test",
    })  # fmt: skip
    predictions = dataset[["path", "label", "split"]].assign(
        predicted=[classes[at] for at in answers], probability=0.5, loss=1.0
    )
    numbers = {"per_class": found.per_class, "confusion": confusion_table(found.confusion, classes)}
    page = made.page(
        data=replace(made.data(classes=classes, dataset=dataset), weights=dict.fromkeys(classes, 1.0)),
        evaluation=made.evaluation(predictions=predictions, **numbers),
        looking=Looking(lambda paths: [np.zeros((len(paths), 8, 8, 3), np.uint8)], None, {}),
    )
    assert re.findall(r'<a href="#(cell-[0-9-]+)">(\d+)</a>', page) == [(f"cell-{at}-39", "4") for at in range(5)]
    assert re.findall(r'id="(cell-[0-9-]+)"', page) == [f"cell-{at}-39" for at in range(5)]
    assert "A pair of the table below opens its images" in page


def test_names_are_escaped(page: str) -> None:
    assert "<b>dog</b>" not in page
    assert "&lt;b&gt;dog" in page


class _References(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.found += [value or "" for name, value in attrs if name in ("src", "srcset", "href", "data", "action")]


def test_the_page_needs_no_network(page: str) -> None:
    seen = _References()
    seen.feed(page)
    assert seen.found
    assert all(reference.startswith(("data:image/", "#")) for reference in seen.found)
    assert not {"link", "iframe", "object"} & seen.tags
    assert "url(" not in page
    assert "@import" not in page
    assert "http" not in re.sub(r"data:image/[^\"]*", "", page)


def test_equal_findings_give_equal_bytes_and_no_clock(made: Made, page: str) -> None:
    assert made.page() == page


def test_the_hardest_are_the_judged_images_of_the_highest_loss(made: Made, page: str) -> None:
    test = made.predictions[made.predictions["split"] == "test"].sort_values("loss", ascending=False)
    shown = [float(loss) for loss in re.findall(r'class="soft">loss ([\d.]+)<', page)]
    assert shown == [round(loss, 2) for loss in test["loss"].head(18)]
    first, more, _ = re.split(
        r"<details><summary>12 more</summary>|</details>", page[page.index("Highest loss</h2>") :], maxsplit=2
    )
    assert (first.count("<figure>"), more.count("<figure>")) == (6, 12)


def test_only_wrong_answers_are_called_mistakes(made: Made, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No mistake: all 20 test images are answered right." in page
    assert "Confused most often" not in page
    drawn: list[list[str]] = []
    draw = pictures.gallery

    def gallery(shown: list[tuple[np.ndarray, str]]) -> bytes:
        drawn.append([caption for _, caption in shown])
        return draw(shown)

    monkeypatch.setattr(pictures, "gallery", gallery)
    assert "mistakes.png" not in made.files()
    test = made.predictions["split"] == "test"
    wrong = test & (made.predictions.index % 20 == 1)
    predictions = made.predictions.assign(predicted=made.predictions["label"].mask(wrong, "cat & co"))
    files = made.files(evaluation=made.evaluation(predictions=predictions))
    assert len(drawn) == 1
    assert [caption.split(" (")[0] for caption in drawn[0]] == ["<b>dog</b>, answered\ncat & co"] * int(wrong.sum())
    assert "mistakes.png" in files
    assert f"{wrong.sum()} of 20 test images are answered wrong." in str(files["report.html"])


def test_the_comparison_has_its_place(made: Made, page: str) -> None:
    assert "May be champion" in page
    passed = (
        "<details><summary>What was checked: 1 of 1 passed</summary><ul><li>Yes: accuracy 60.00 % is at least 50.00 %"
    )
    assert passed in page
    assert "<li>No: " not in page
    assert "Each class against the champion" not in page
    rows = [
        {
            "label": "cat & co",
            "count": 9,
            "champion": 0.8,
            "challenger": 0.6,
            "gain": -0.2,
            "gain_interval": [-0.4, 0.1],
        }
    ]
    shared = {"images": 14, "held_out": 20, "seen": 5, "near": 1}
    lost = {**FIRST, "verdict": "rejected", "summary": "worse on cat & co", "classes": rows, "shared": shared}
    compared = made.page(comparison={**lost, "checks": [{"passed": False, "text": "no class loses over 10 points"}]})
    assert "<h2><!-- standing -->Not promoted (rejected)<!-- standing -->, " in compared
    assert '<div class="card failed">' in compared
    fit = made.findings.evaluation.verdict
    doubtful = made.page(evaluation=made.evaluation(verdict=fit | {"verdict": "overfit"}))
    assert '<div class="card doubtful">' in doubtful
    assert "May be champion<!-- standing -->, overfit</h2>" in doubtful
    assert compared.count("<li>No: no class loses over 10 points</li>") == 2  # what failed is also outside the fold
    assert "<td>80.00 %</td><td>60.00 %</td><td>-20.00</td><td>-40.00 to +10.00</td>" in compared
    assert "Recall on 14 of 20 test images: the champion learned from 5, and from near-duplicates of 1." in compared


def test_without_shortcuts_and_a_test_split_the_page_says_so(made: Made) -> None:
    dataset = made.dataset.assign(split=made.dataset["split"].replace("test", "validation"))
    predictions = made.predictions.assign(split=dataset["split"])
    metrics = {name: values for name, values in made.findings.evaluation.metrics.items() if name != "test"}
    page = made.page(
        data=made.data(dataset=dataset),
        evaluation=made.evaluation(predictions=predictions, metrics=metrics, judged="validation"),
        shortcuts=Shortcuts({"sample": 0, "changes": []}, {}),
    )
    assert "There is no test split" in page
    assert "Shortcuts" not in page


def test_what_folders_became_is_said_and_every_name_shows_as_it_stands(page: str) -> None:
    data = page[page.index('id="data"') : page.index('id="exports"')]
    for text in (
        "<b>folders</b> 1 folder is the class that it names",
        "<b>dropped</b> 3 files: a text file",
        "<b>note</b> the folders &lt;b&gt;front&lt;/b&gt;, back are groups",
        "&lt;i&gt;cats",
        "Images of each class, in the order of the model's scores",
    ):
        assert text in data, text
    assert data.count("&lt;i&gt;cats") == 2  # among what changed, and among all
    assert data.count("dogs\\u202e") == 1
    assert "\u202e" not in page


def test_what_belongs_to_a_run_is_filled_in(page: str) -> None:
    steps = [
        {"name": "train", "state": "ran", "reason": "code of a <b> changed", "seconds": 12.34, "output": "ab" * 32,
         "inputs": {"split": "cd" * 32}},
        {"name": "report", "state": "reused", "reason": "unchanged", "seconds": 0.0, "output": None, "inputs": {}},
    ]  # fmt: skip
    settings = json.loads('{"name": "pets", "title": "Cats & dogs", "seed": 7}')
    speed = {"runtime": "its <i>", "load_seconds": 0.25, "median_ms": 7.125, "p95_ms": 9.5, "threads": 1}
    absent = {"runtime": "Node", "load_seconds": None, "median_ms": None, "p95_ms": None, "threads": None}
    exports = [{"format": "tfjs", "runtimes": [speed, absent]}]
    filled = fill_in(page.encode(), "20260101-x", steps, settings, exports).decode()
    assert "<td>0.25 s</td><td>7.12 ms</td><td>9.5 ms</td><td>1</td>" in filled
    for text in (
        "How fast they are",
        "its &lt;i&gt;",
        "20260101-x",
        "12.3",
        "ab" * 32,
        "cd" * 32,
        "title: Cats &amp; dogs",
        "of a &lt;b&gt; changed",
    ):
        assert text not in page
        assert text in filled
    assert '<h2 id="this-run">' in filled
    never = [{"format": "tfjs", "runtimes": [absent]}]
    assert "How fast they are" not in fill_in(page.encode(), "20260101-x", steps, settings, never).decode()


def test_groups_and_what_is_said_of_them_are_shown(page: str) -> None:
    assert "<li>3 groups lie on &lt;several&gt; sides</li>" in page
    assert '<td>session &lt;1&gt;</td><td class="text">train</td><td>17</td>' in page
    assert "<!-- the other way to split -->" in page  # for this_run.fill_in


def test_how_the_training_stands_beside_a_linear_probe_is_said_and_warned_of(made: Made, page: str) -> None:
    assert (
        '<p id="baseline" class="soft">No linear probe to compare with: a cnn has no pretrained backbone.</p>' in page
    )
    judged = made.predictions[made.predictions["split"] == "test"]
    found = {
        "backbone": "EfficientNetLite0", "split": "test", "accuracy": 1.0, "count": len(judged), "fitted_on": 9,
        "of": 9, "mirrored": True, "converged": True,
    }  # fmt: skip
    perfect = judged[["path"]].assign(predicted=judged["label"])
    few_right = made.predictions.assign(predicted=CLASSES[0])
    beaten = made.page(evaluation=made.evaluation(predictions=few_right), baseline=Baseline(found, perfect))
    assert (
        '<p id="baseline" class="warn"><b>Caution.</b> Linear probe on the frozen EfficientNetLite0: 100.0% of'
        in beaten
    )
    assert "50.0 points worse" in beaten
    assert "chosen on validation, mirror images averaged;" in beaten
    wrong = judged[["path"]].assign(predicted=judged["label"].map(dict(zip(CLASSES, reversed(CLASSES), strict=True))))
    won = made.page(baseline=Baseline({**found, "accuracy": 0.0, "mirrored": False}, wrong))
    assert '<p id="baseline">Linear probe on the frozen EfficientNetLite0: 0.0% of' in won
    assert "100.0 points better" in won
    assert "Caution" not in won


def test_test_time_views_have_a_row_of_their_own(made: Made, page: str) -> None:
    assert 'id="views"' not in page
    values = made.findings.evaluation.metrics["test"] | {"accuracy": 0.9123, "words": "test with test-time <views>"}
    shown = made.page(evaluation=made.evaluation(views=values))
    assert '<tr id="views"><td class="text">test with test-time &lt;views&gt;</td><td>91.23 %</td>' in shown


def test_folds_have_a_section_where_there_are_some(made: Made, page: str) -> None:
    assert 'id="folds"' not in page
    predictions = made.dataset[["path", "label"]].assign(fold=[1 + number % 3 for number in range(60)])
    truth = [CLASSES.index(label) for label in predictions["label"]]
    scores = np.full((60, 2), 0.25, np.float32)
    scores[np.arange(60), [index if number % 10 else 1 - index for number, index in enumerate(truth)]] = 0.75
    found = pool(predictions, scores, CLASSES, 1)
    folds = {**found.as_json(), "per_class": found.by_class.per_class.to_dict("records")}
    shown = made.page(folds=folds)
    assert '<a href="#folds">' in shown
    section = shown[shown.index('id="folds"') : shown.index('id="training"')]
    assert "Pooled accuracy 90.00% (79.9% to 95.3%) over 60 images in 3 folds" in section
    assert section.count("<tr><td>") == 3 + 2
    assert "<td>pooled</td><td>90.00%</td>" in section.replace(" %", "%")
    assert "&lt;b&gt;dog&lt;/b&gt;" in section


def test_who_taught_is_said_where_somebody_did(made: Made, page: str) -> None:
    assert "Taught by" not in page
    teacher = {"name": "<big>", "trained": True, "val_accuracy": 0.5, "images": 9, "validated_by": 1}
    taught = {"temperature": 2, "weight": 0.5, "teachers": [teacher]}
    shown = made.page(training=replace(made.findings.training, taught=taught))
    assert "Taught by &lt;big&gt; (trained first, learned from 9 images, 50.0% right on its own validation)" in shown


def test_of_how_many_images_the_background_was_replaced_is_said(made: Made, page: str) -> None:
    assert "Backgrounds:" not in page
    behind = {"images": 9, "uniform": 4, "replace": 0.5, "with": ["plain", "./<me>"], "photos": {}}
    shown = made.page(training=replace(made.findings.training, backgrounds=behind))
    assert "Backgrounds: 4 of 9 training images (44%) have a uniform background" in shown
    assert "by plain, ./&lt;me&gt;; the others pass as they are." in shown
