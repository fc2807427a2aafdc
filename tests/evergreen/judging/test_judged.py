"""Which split a model is judged on, asked of a table's column and of metrics alike."""

import pandas as pd
import pytest

from evergreen.judging.judged import judged_images, judged_split


@pytest.mark.parametrize(
    ("splits", "expected"),
    [(["train", "validation", "test"], "test"), (["train", "validation"], "validation"), ([], "validation")],
)
def test_test_where_there_are_test_images_else_validation(splits: list[str], expected: str) -> None:
    # of a Series `in` would ask the index, which here holds "test" as well
    column = pd.Series(splits, index=["test", "a", "b"][: len(splits)], dtype=object)
    assert judged_split(column) == judged_split({name: {"count": 1} for name in splits}) == expected
    table = pd.DataFrame({"path": [f"{name}.png" for name in splits], "split": splits}, dtype=object)
    assert list(judged_images(table)["path"]) == [f"{name}.png" for name in splits if name == expected]
