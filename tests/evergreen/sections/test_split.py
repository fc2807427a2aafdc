"""evergreen.sections.split: what stays on one side, by its present and its earlier name."""

from typing import Any

import pytest
from pydantic import ValidationError

from evergreen.sections.split import Split


@pytest.mark.parametrize(("earlier", "group"), [(True, ("near-duplicates",)), (False, ()), (None, None)])
def test_the_earlier_spelling_is_read_and_means_the_same(earlier: bool | None, group: tuple[str, ...] | None) -> None:
    assert Split(group_near_duplicates=earlier) == Split(group=group)
    assert Split.at_present({"test": 0.2, "group_near_duplicates": earlier}) == {
        "test": 0.2,
        "group": None if group is None else list(group),
    }


def test_order_makes_no_difference() -> None:
    one, other = Split(group=["folder", "near-duplicates"]), Split(group=["near-duplicates", "folder"])
    assert one.model_dump(mode="json") == other.model_dump(mode="json")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"validation": 0.5, "test": 0.5}, "expected validation + test below 1; received 0.5 + 0.5"),
        ({"group": ["folder"], "group_near_duplicates": True}, "expected group alone, received group_near_duplicates"),
        ({"group": None, "group_near_duplicates": None}, "expected group alone, received group_near_duplicates"),
        ({"group_near_duplicates": "maybe"}, "expected true, false or null; write group: [near-duplicates] instead"),
        ({"group": "folder"}, "expected a list such as [folder], of: folder, near-duplicates"),
        ({"group": ["folder", "folder"]}, "expected every kind once; received ['folder', 'folder']"),
        ({"group": ["folders"]}, "Input should be 'folder' or 'near-duplicates'"),
    ],
)
def test_what_contradicts_itself_is_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Split(**values)
    assert said in str(refused.value)
