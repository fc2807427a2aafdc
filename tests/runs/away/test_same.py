"""runs.away.same: what another process would compute otherwise is refused; the number of threads is told."""

from dataclasses import replace

import pytest
from trainings import parts_of_train

from evergreen.recipe import load_recipe
from runs.away.same import OtherCode, refuse_other_code
from storage.store import Store


def test_other_code_or_libraries_are_named_and_threads_are_told(store: Store) -> None:
    recipe, parts = load_recipe("digits"), parts_of_train(store)
    refuse_other_code(recipe, parts)
    refuse_other_code(recipe, replace(parts, libraries=parts.libraries | {"threads": "64"}))
    with pytest.raises(OtherCode, match="others there: keras; give every worker the same version"):
        refuse_other_code(recipe, replace(parts, libraries=parts.libraries | {"keras": "0.1"}))
    with pytest.raises(OtherCode, match=r"others there: evergreen\.vision\.training\.fit; "):
        refuse_other_code(recipe, replace(parts, code=parts.code | {"evergreen.vision.training.fit": "0" * 64}))
