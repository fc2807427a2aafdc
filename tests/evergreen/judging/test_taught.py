"""evergreen.judging.taught: one line about who taught."""

from evergreen.judging.taught import words


def test_who_taught_how_good_it_was_and_how_much_it_counted() -> None:
    big = {"name": "big", "trained": True, "val_accuracy": 0.9312, "images": 5040, "validated_by": 560}
    old = {"name": "4fd2", "trained": False, "val_accuracy": None, "images": 100, "validated_by": 9}
    assert words({"temperature": 2.0, "weight": 0.5, "teachers": [big]}) == (
        "big (trained first, learned from 5,040 images, 93.1% right on its own validation): 50% of the loss, at "
        "temperature 2"
    )
    assert words({"temperature": 1.5, "weight": 1, "teachers": [big, old]}).endswith(
        "; 4fd2 (a model of the store, learned from 100 images): together, their answers averaged, 100% of the loss, "
        "at temperature 1.5"
    )
