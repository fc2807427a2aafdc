"""evergreen.judging.baseline: how a training stands beside a linear probe, on the same images."""

from typing import Any

import pandas as pd
import pytest

from evergreen.judging.baseline import Baseline, beside

FOUND = {
    "backbone": "EfficientNetLite0", "split": "test", "accuracy": 0.75, "count": 400, "fitted_on": 100, "of": 100,
    "converged": True,
}  # fmt: skip


def _tables(model: int, probe: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the predictions of a model and a probe that get so many of 400 test images right, the first ones."""
    rows = [(f"{number}", "a", "test", "a" if number < model else "b") for number in range(400)]
    rows += [("other", "a", "train", "b")]
    asked = [(f"{number}", "a" if number < probe else "b") for number in range(400)]
    return pd.DataFrame(rows, columns=["path", "label", "split", "predicted"]), pd.DataFrame(
        reversed(asked), columns=["path", "predicted"]
    )


def _beside(model: int, probe: int, **found: Any) -> dict[str, Any]:
    predictions, probed = _tables(model, probe)
    return beside(Baseline({**FOUND, "accuracy": probe / 400, **found}, probed), predictions)


def test_a_training_that_is_surely_better() -> None:
    told = _beside(model=340, probe=300)
    assert (told["training"], told["gain"], told["standing"]) == (0.85, pytest.approx(0.1), "better")
    assert 0 < told["gain_low"] < 0.1 < told["gain_high"]
    assert told["words"].startswith(
        "Linear probe on the frozen EfficientNetLite0: 75.0% of 400 test images; "
        "this training is 10.0 points better (95 % interval +7."
    )
    assert "chance" not in told["words"]


def test_a_gain_that_may_be_chance_is_not_called_better() -> None:
    told = _beside(model=302, probe=300)
    assert told["standing"] == "alike"
    assert "0.5 points better (95 % interval +0.0 to +1.2; that may be chance)." in told["words"]
    assert _beside(model=300, probe=300)["words"].endswith(
        "this training is exactly as good (95 % interval +0.0 to +0.0)."
    )


def test_a_training_that_is_worse_is_warned_of() -> None:
    told = _beside(model=280, probe=300)
    assert told["standing"] == "worse"
    assert "5.0 points worse (95 % interval -7." in told["words"]
    assert told["words"].endswith(": what it changed in the backbone, or its head, has not paid.")


def test_a_sample_and_a_fit_that_did_not_end_are_said() -> None:
    told = _beside(model=300, probe=300, fitted_on=5000, of=20_000, converged=False)
    assert "test images (fitted on 5,000 of 20,000 training images; its fit did not converge); this" in told["words"]


def test_without_a_probe_it_is_said_why() -> None:
    none = Baseline({"why": "a cnn has no pretrained backbone"}, pd.DataFrame(columns=["path", "predicted"]))
    assert beside(none, _tables(1, 1)[0]) == {
        "why": "a cnn has no pretrained backbone",
        "words": "No linear probe to compare with: a cnn has no pretrained backbone.",
    }


def test_an_image_that_the_probe_was_not_asked_about_is_an_error() -> None:
    predictions, probed = _tables(1, 1)
    with pytest.raises(KeyError):
        beside(Baseline(FOUND, probed.iloc[1:]), predictions)
