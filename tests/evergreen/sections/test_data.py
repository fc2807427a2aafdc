"""evergreen.sections.data: values that contradict each other are refused, and what works is said."""

from typing import Any

import pytest
from pydantic import ValidationError

from evergreen.sections.base import Section
from evergreen.sections.data import Balance, HttpFile, Source


@pytest.mark.parametrize(
    ("section", "values", "said"),
    [
        (Source, {}, "expected exactly one of embedded, local, http, kaggle, keras; received none"),
        (
            Source,
            {"local": {"path": "a"}, "keras": {"name": "mnist"}},
            "expected exactly one of embedded, local, http, kaggle, keras; received local, keras",
        ),
        (HttpFile, {"url": "https://host/a.zip", "query": "sig=planted"}, "query"),
        (HttpFile, {"url": "https://host/a.zip", "sha256": "A" * 64}, "sha256"),
        (Balance, {"weights": "explicit"}, "expected balance.explicit exactly when balance.weights is explicit"),
        (Balance, {"weights": "balanced", "oversample": True}, "else small classes would count twice"),
        (Balance, {"weights": "explicit", "explicit": {"a": 0}}, "expected weights above 0"),
    ],
)
def test_what_contradicts_itself_is_refused(section: type[Section], values: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        section(**values)
    assert said in str(refused.value)


def test_the_kind_is_the_one_that_is_given() -> None:
    assert Source(keras={"name": "mnist"}).kind == "keras"
