"""flows.dashboard.reasons: few words for the name of a failed run, and what to do."""

import pytest

from evergreen.errors import BadRecipe
from evergreen.recipe import load_recipe
from flows.dashboard.reasons import reason_in, to_do


@pytest.mark.parametrize(
    ("error", "reason", "first_to_do"),
    [
        ("SourceGone: https://h/a.zip: there is nothing at this address (HTTP 404)", "source not found", "Correct"),
        (
            "BadInput: source.local.path: expected a zip, a tar or a folder, found none at /photos",
            "source not found",
            "Correct **Source**",
        ),
        (
            "BadRecipe: expected a recipe's name or path, received 'digitz'; there are: digits. Did you mean digits?",
            "no recipe is called 'digitz'",
            "Choose another **Recipe**",
        ),
        ("AccessRefused: https://h: access was refused (HTTP 403)", "the source refuses access", "Renew"),
        ("StoreUnwritable: no space left", "the store cannot be written", "Free"),
        ("BadDataset: class 'a' has 1 image\nmore", "class 'a' has 1 image", "Correct the folders"),
        ("BadDataset: which?\x1b[2J", "which?\\x1b[2J", "Correct the folders"),
        ("KeyError: 'x'", "KeyError: 'x'", "The run's log shows where"),
        ("MemoryError: ", "out of memory", "Take smaller batches"),
        ("ZeroDivisionError: " + "very long " * 30, "ZeroDivisionError: " + "very long " * 5 + "very long …", "The"),
    ],
)
def test_the_reason_is_few_words(error: str, reason: str, first_to_do: str) -> None:
    assert reason_in(error) == reason
    assert to_do(error).startswith(first_to_do)


def test_of_a_recipe_that_is_not_valid_it_is_the_first_thing_that_is_wrong() -> None:
    with pytest.raises(BadRecipe) as refused:
        load_recipe("digits", ["split.tset=0.2"])
    assert reason_in(f"BadRecipe: {refused.value}").startswith("recipe not valid: split.tset: unknown key")
    assert "\n" not in reason_in(f"BadRecipe: {refused.value}")


def test_what_is_meant_in_place_of_a_field_is_not_cut_off() -> None:
    with pytest.raises(BadRecipe) as refused:
        load_recipe("digits", ["train.epochs=3"])
    assert reason_in(f"BadRecipe: {refused.value}").endswith("train.epochs: unknown key; it is train.phases.0.epochs")
