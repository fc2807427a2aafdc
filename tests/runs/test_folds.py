"""runs.folds: how many folds a cross-validation has."""

import pytest

from evergreen.errors import BadInput, BadRecipe
from runs.folds import with_folds


def test_as_many_as_are_asked_for_or_as_the_recipe_says_or_five() -> None:
    assert with_folds("digits", None, None, None).evaluate.folds == 5
    assert with_folds("digits", ["evaluate.folds=3"], None, None).evaluate.folds == 3
    assert with_folds("digits", ["evaluate.folds=3"], None, 7).evaluate.folds == 7
    assert with_folds("digits", None, ".", 2).source.local is not None


@pytest.mark.parametrize(("folds", "error"), [(0, BadInput), (1, BadInput), (-2, BadInput), (99, BadRecipe)])
def test_fewer_than_two_or_too_many_are_refused(folds: int, error: type[Exception]) -> None:
    with pytest.raises(error, match="fold"):
        with_folds("digits", None, None, folds)
