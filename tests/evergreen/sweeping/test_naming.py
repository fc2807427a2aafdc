"""evergreen.sweeping.naming: names are as short as they can be told apart, values read as people write them."""

from evergreen.sweeping.naming import in_brackets, short_names, shown, trial_name


def test_a_name_is_the_shortest_end_that_no_other_has() -> None:
    paths = ["train.backbone", "train.phases.0.learning_rate", "train.phases.1.learning_rate", "seed", "a.seed"]
    assert list(short_names(paths).values()) == ["backbone", "0.learning_rate", "1.learning_rate", "seed", "a.seed"]
    assert short_names(["train.phases.0.learning_rate"]) == {"train.phases.0.learning_rate": "learning_rate"}
    assert short_names(["train.loss", "train.phases.0.epochs"]) == {
        "train.loss": "train.loss", "train.phases.0.epochs": "0.epochs",
    }  # fmt: skip
    assert short_names([]) == {}


def test_values_and_trials_read_as_people_write_them() -> None:
    assert [shown(value) for value in (0.000312874, 0.5, 12, None, True, "ViT", [1, "a"])] == [
        "0.0003129", "0.5", "12", "null", "true", "ViT", "[1, a]",
    ]  # fmt: skip
    assert trial_name({"number": 3, "values": {"train.backbone": "ViT", "augment.magnitude": 0.15}}) == (
        "trial 3 (backbone ViT, magnitude 0.15)"
    )
    assert in_brackets({}) == ""
