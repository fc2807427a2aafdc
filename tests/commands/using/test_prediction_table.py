"""commands.using.prediction_table: answers for a person; names move no cursor and mean no markup."""

import io
from pathlib import Path

from rich.console import Console

from commands.using.prediction_table import show, show_last, show_pages
from evergreen.reports.predictions import ContactSheet, Prediction
from evergreen.sections.data import Image, Screen
from runs.answering.model_meant import Meant
from runs.answering.prediction import Job
from storage.store import Store

GOOD = Prediction("[red]a\x1b[2J.png", (("cat", 0.75), ("dog", 0.25)), unsure=True, truth="dog")


def _shown(
    store: Store,
    *predictions: Prediction,
    files: tuple[Path, ...] = (),
    skipped: int = 0,
    caution: str = "",
    scored: str = "",
    terminal: int = 0,
) -> str:
    meant = Meant("pets", "run-1", "a" * 64, caution=caution)
    job = Job(store, meant, ["cat", "dog"], Image(), Screen(), None, [], skipped, 2, scored)
    out = io.StringIO()
    console = Console(file=out, width=terminal or 40, force_terminal=bool(terminal), color_system=None)
    show(console, job, predictions, files)
    return out.getvalue()


def test_at_80_columns_a_name_is_whole_and_comes_first_and_the_path_is_said_once(store: Store) -> None:
    folder = "/data/someone/pictures/from the phone/2026/november/chess pieces"
    names = [f"{folder}/cat/IMG_20261129_183412_HDR.jpeg", f"{folder}/dog/IMG_20261129_183413_HDR.jpeg"]
    rows = [Prediction(name, (("cat", 0.5), ("dog", 0.3)), truth="cat") for name in names]
    lines = _shown(store, *rows, terminal=80, scored="scored, for [their] folders").splitlines()
    assert lines[0] == f"in {folder}"
    assert [line.split()[:2] for line in lines[2:4]] == [
        ["IMG_20261129_183412_HDR.jpeg", "cat"], ["IMG_20261129_183413_HDR.jpeg", "cat"],
    ]  # fmt: skip
    assert [line.split()[-2:] for line in lines[2:4]] == [["cat", "cat"], ["cat", "dog"]]  # truth, and where it lies
    assert all(len(line) <= 80 for line in lines[1:])
    assert "2 of 2 right: accuracy 100.0% (34.2% to 100.0%)" in lines
    assert "scored, for [their] folders" in lines
    assert "right by class: cat 2 of 2" in lines
    assert _shown(store, Prediction("https://host/a/b.png", (("cat", 1.0),))).splitlines()[1].startswith("https://h")


def test_files_that_the_model_learned_from_are_told_apart_and_no_label_stands_twice(store: Store) -> None:
    rows = [Prediction(f"{label}/{at}.png", ((label, 0.9),), truth=label, learned=at < 2)
            for label in ("cat", "dog") for at in range(3)]  # fmt: skip
    lines = _shown(store, *rows, scored="scored", terminal=100).splitlines()
    assert "6 of 6 right: accuracy 100.0% (61.0% to 100.0%)" in lines
    told = "the model learned from 4 of these very files, or was chosen by them; of the 2 others 2 of 2 right"
    assert any(line.startswith(told) for line in " ".join(lines).replace("  ", "\n").splitlines()) or told in " ".join(
        lines
    )
    assert lines[0].split() == ["image", "answer", "then", "truth"]
    assert "which says nothing of new ones" in " ".join(_shown(store, *rows[:2], scored="scored").split())


def test_a_model_that_nobody_promoted_says_so_before_its_answers(store: Store) -> None:
    said = _shown(store, Prediction("b", (("cat", 1.0),)), caution="pets has [no] champion")
    assert said.startswith("caution  pets has [no] champion\n")
    assert "caution" not in _shown(store, Prediction("b", (("cat", 1.0),)))


def test_a_row_holds_the_answer_what_comes_next_and_the_truth(store: Store) -> None:
    said = _shown(store, GOOD)
    assert "[red]a\\x1b[2J.png" in said
    assert "unsure cat" in said
    for words in ("75.0%", "dog 25.0%", "0 of 1 right", "pets, run run-1, keras"):
        assert words in said


def test_bad_ones_are_listed_and_sums_say_what_was_passed_over(store: Store) -> None:
    sure = Prediction("b", (("cat", 1.0),))
    said = _shown(store, sure, sure, Prediction("c", error="empty file"), skipped=1200)
    assert "not used: 1\n  c: empty file\n" in said
    assert "\n2 cat, 1 bad\n" in said
    assert "passed over in folders, no images by their names: 1,200" in said
    assert "truth" not in said


def test_beside_a_file_only_the_first_answers_are_shown(store: Store) -> None:
    many = [Prediction(f"{number}.png", (("cat", 1.0),)) for number in range(60)]
    said = _shown(store, *many, files=(Path("out.csv"),))
    assert "49.png" in said
    assert "50.png" not in said
    assert "and 10 more\n" in said
    assert said.rstrip().endswith("csv      out.csv")
    assert "59.png" in _shown(store, *many)


def test_several_pages_are_said_and_what_is_on_none() -> None:
    sheet, out = ContactSheet(lambda *_: None), io.StringIO()
    sheet.pages, sheet.left_out = 3, 1500
    show_pages(Console(file=out, width=200), sheet, Path("sheet.png"))
    assert "has 3 pages, to sheet-3.png" in out.getvalue()
    assert "1,500 images are not on it" in out.getvalue()


def test_quiet_is_one_line(store: Store) -> None:
    job = Job(store, Meant("pets", "run-1", "a" * 64), ["cat", "dog"], Image(), Screen(), None, [], 0, 2)

    def said(*predictions: Prediction) -> str:
        out = io.StringIO()
        show_last(Console(file=out, width=20), job, predictions)
        return out.getvalue()

    assert said(GOOD) == "[red]a\\x1b[2J.png: unsure cat 75.0%\n"
    assert said(Prediction("c", error="empty file")) == "c: empty file\n"
    assert said(GOOD, Prediction("b", (("dog", 1.0),))) == "1 dog, 1 unsure\n"
