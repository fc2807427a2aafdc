"""evergreen.datasets.joining.images: one image of several sources is kept once, whichever source comes first."""

import pandas as pd
import pytest

from evergreen.datasets.joining.images import repeated

COLUMNS = ["sha256", "path", "label", "subset", "source"]


@pytest.mark.parametrize(
    ("rows", "away"),
    [
        ([("1", "a", "cat", "", "A"), ("1", "b", "cat", "", "B"), ("2", "c", "cat", "", "B")], {"b"}),
        ([("1", "b", "cat", "", "A"), ("1", "a", "cat", "", "B")], {"b"}),  # by the path, not by the source
        ([("1", "a", "cat", "", "A"), ("1", "b", "cat", "", "A")], set()),  # inside one source, as ever
        ([("1", "a", "cat", "", "A"), ("1", "c", "cat", "", "A"), ("1", "b", "cat", "", "B")], {"b"}),
        ([("1", "a", "cat", "", "A"), ("1", "b", "dog", "", "B"), ("1", "c", "cat", "", "C")], set()),  # a conflict
        ([("1", "a", "", "unlabelled", "A"), ("1", "b", "cat", "", "B")], {"a"}),
        ([("1", "a", "", "unlabelled", "A"), ("1", "b", "", "unlabelled", "B")], {"b"}),
        ([("1", "a", "cat", "", "A"), ("1", "b", "cat", "test", "B")], {"a"}),
        ([("1", "a", "cat", "train", "A"), ("1", "b", "cat", "test", "B")], set()),
        ([], set()),
    ],
)
def test_an_image_is_kept_by_one_source(rows: list[tuple[str, ...]], away: set[str]) -> None:
    table = pd.DataFrame(rows, columns=COLUMNS)
    for ordered in (table, table.iloc[::-1]):
        found = repeated(ordered, "sha256")
        assert found.dtype == bool
        assert set(ordered.loc[found, "path"]) == away
