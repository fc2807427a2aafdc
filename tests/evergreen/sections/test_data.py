"""evergreen.sections.data: values that contradict each other are refused, and what works is said."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from evergreen.sections.base import Section
from evergreen.sections.data import Balance, HttpFile, Source, Sources, each


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


DIGITS, MNIST = {"embedded": {"name": "digits"}}, {"keras": {"name": "mnist"}}


def test_a_list_of_one_is_that_source_and_the_order_of_several_means_nothing() -> None:
    one = TypeAdapter(Sources).validate_python([DIGITS])
    assert one == Source.model_validate(DIGITS)
    assert each(one) == (one,)
    first, second = (TypeAdapter(Sources).validate_python(some) for some in ([DIGITS, MNIST], [MNIST, DIGITS]))
    assert first == second
    assert {source.kind for source in each(first)} == {"embedded", "keras"}
    assert TypeAdapter(Sources).dump_python(second, mode="json", exclude_defaults=True) == [DIGITS, MNIST]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "received an empty list"),
        ([DIGITS, MNIST, DIGITS], "expected every source once; number 2 is number 0 again"),
        ([DIGITS, {}], "expected exactly one of"),
        ("photos", "Input should be a valid dictionary"),
    ],
)
def test_a_list_that_is_none_of_sources_is_refused(given: Any, said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(Sources).validate_python(given)
    assert said in str(refused.value)
