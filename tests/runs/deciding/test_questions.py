"""runs.deciding.questions: one question an image, the most telling first, none that is decided."""

import pandas as pd
from asking import CLASSES, ROWS, digest, suspect

from evergreen.datasets.screen import CONFLICT
from evergreen.decisions.decision import Decision
from evergreen.tables import to_csv
from runs.deciding.questions import TWO_LABELS, Lookalike, conflicts_of, keys_of, lookalikes_of, of_a_run, questions_of
from runs.tables import LOOKALIKES, publish_dataset
from storage.store import Store


def test_two_rows_of_one_image_are_one_question_and_the_order_is_that_of_the_ranks() -> None:
    rows = [suspect(2, "paper"), suspect(1, "metal"), {**suspect(2, "paper", "outlier", "glass", "0.7"), "rank": "3"}]
    first, second = questions_of(rows, {}, CLASSES)
    assert (first.sha256, second.sha256) == (digest(1), digest(2))
    assert (second.kinds, second.suggested, second.confidence) == (("label_error", "outlier"), "glass", 0.7)
    assert (second.labels, second.reasons) == (("paper",), ("reason 2",))
    assert first.confidence is None
    assert second.as_json()["heading"] == "The label may be wrong; Like none of the classes"
    assert questions_of([suspect(1, "paper", suggested="no class")], {}, CLASSES)[0].suggested == ""


def test_what_is_decided_is_not_asked() -> None:
    made = {digest(1): Decision("relabel", "glass"), digest(2): Decision("keep", was="paper")}
    assert [one.sha256 for one in questions_of(ROWS, made, CLASSES)] == [digest(2), digest(3)]
    made |= {digest(2): Decision("keep", was="metal"), digest(3): Decision("leave out")}
    assert questions_of(ROWS, made, CLASSES) == []


def test_pictures_under_two_labels_come_first_and_have_no_label_to_keep() -> None:
    def away(label: str, reason: str) -> dict[str, str]:
        return {"path": f"{label}/1.jpg", "label": label, "sha256": digest(9), "reason": reason}

    quarantine = [away("glass", CONFLICT), away("paper", CONFLICT), {**away("x", "empty file"), "sha256": digest(8)}]
    first, *others = questions_of([*ROWS, *conflicts_of(quarantine)], {digest(9): Decision("keep")}, CLASSES)
    assert (first.sha256, first.labels, first.kinds) == (digest(9), ("glass", "paper"), (TWO_LABELS,))
    assert len(others) == len(ROWS)


def test_after_a_diagnosis_conflicts_come_before_suspects(store: Store) -> None:
    quarantine = pd.DataFrame([("glass/1.jpg", "glass", digest(9), CONFLICT)])
    quarantine.columns = pd.Index(["path", "label", "sha256", "reason"])
    facts = {"range": [0.0, 4095.0]}
    screened = publish_dataset(store, quarantine.head(0), list(CLASSES), facts, quarantine=quarantine)
    rows, classes, values = of_a_run(store, screened, [suspect(9, "glass", "near_duplicate"), *ROWS])
    assert (classes, values) == (list(CLASSES), (0.0, 4095.0))
    first, *others = questions_of(rows, {}, classes)
    assert (first.sha256, first.kinds) == (digest(9), (TWO_LABELS,))
    assert [one.sha256 for one in others] == [digest(n) for n in (1, 2, 3)]


def test_what_a_suspect_looks_like_is_read_from_the_diagnosis(store: Store) -> None:
    rows = [(digest(1), "glass", "glass/4.jpg", digest(4), 0.5), (digest(1), "paper", "paper/5.jpg", digest(5), 0.25)]
    table = pd.DataFrame(rows, columns=["sha256", "label", "path", "neighbour", "similarity"])
    alike = lookalikes_of(store, store.publish("diagnosis", {LOOKALIKES: to_csv(table)}))
    first = Lookalike(digest(4), "glass/4.jpg", "glass", 0.5)
    assert alike == {digest(1): [first, Lookalike(digest(5), "paper/5.jpg", "paper", 0.25)]}
    asked, other, *_ = questions_of(ROWS, {}, CLASSES, alike)
    assert asked.lookalikes[0] == first
    assert asked.as_json()["lookalikes"][0] == {
        "sha256": digest(4), "path": "glass/4.jpg", "label": "glass", "similarity": 0.5,
    }  # fmt: skip
    assert (other.lookalikes, other.as_json()["lookalikes"]) == ((), [])


def test_each_class_has_a_key_of_its_own() -> None:
    assert keys_of(CLASSES) == {"glass": "1", "metal": "2", "paper": "3"}
    assert keys_of([str(n) for n in range(10)]) == {str(n): str(n) for n in range(10)}
    assert keys_of(["Zero", "two", "many", "1"]) == {"Zero": "0", "two": "2", "1": "1", "many": "3"}
    assert keys_of(["one", "1"]) == {"one": "1", "1": "2"}  # neither has a better claim
    assert keys_of(["K", "A", "x y"]) == {"K": "1", "A": "a", "x y": "2"}
    many = keys_of([f"class {n}" for n in range(40)])
    assert len(many) == len(set(many.values())) == 32
    assert not {"k", "l", "u", "s"} & set(many.values())
