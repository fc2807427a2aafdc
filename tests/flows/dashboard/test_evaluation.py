"""flows.dashboard.evaluation: a model's mistakes are its wrong answers, and none are said to be none."""

from collections.abc import Callable

import pandas as pd
from pages import pictures_of

from evergreen.recipe import load_recipe
from evergreen.tables import to_csv
from flows.dashboard.evaluation import _mistakes
from runs.run import Run
from storage.artifacts import Ref
from storage.store import Store


def _evaluation(store: Store, *answers: str) -> Ref:
    table = pd.DataFrame({"label": "one", "predicted": ["two", *answers], "split": ["train", *["test"] * len(answers)]})
    return store.publish("evaluation", {"predictions.csv": to_csv(table)}, {"judged": "test"})


def test_mistakes_are_wrong_answers_to_judged_images(store: Store, png: Callable[..., bytes]) -> None:
    run = Run.new(store, load_recipe("digits"))
    none = _mistakes(run, _evaluation(store, "one", "one"), {})
    assert none == "# No mistake\n\nAll 2 test images are answered right."
    some = _mistakes(run, _evaluation(store, "one", "two", "one"), {"mistakes.png": png(1)})
    assert some.startswith("1 of 3 test images are answered wrong.")
    assert pictures_of(some) == [("png", (12, 10))]
