"""evergreen.sources.several: what each of several sources is called, without secrets, and whose an error is."""

from typing import Any

import pytest

from evergreen.errors import SourceUnreachable
from evergreen.sections.data import Source
from evergreen.sources.probe import probe
from evergreen.sources.several import about, address_of, answers_in, names_of, versions_in

KINDS: list[dict[str, Any]] = [
    {"embedded": {"name": "digits"}},
    {"local": {"path": "."}},
    {"http": {"files": [{"url": f"https://host/{name}.zip?v=1", "sha256": "0" * 64} for name in "ab"]}},
    {"kaggle": {"dataset": "owner/set", "version": 3}},
    {"keras": {"name": "mnist"}},
]


@pytest.mark.parametrize("source", [Source(**kind) for kind in KINDS if "local" not in kind], ids=lambda one: one.kind)
def test_a_source_is_called_by_the_address_that_its_probe_says(source: Source) -> None:
    nothing: Any = None  # their versions are pinned, so nobody is asked
    assert address_of(source) == probe(source, nothing)["address"]


def test_a_folder_is_called_by_its_path_and_two_of_one_address_are_numbered() -> None:
    sources = [Source(**kind) for kind in (KINDS[1], KINDS[3], {"kaggle": {"dataset": "owner/set", "version": 4}})]
    assert names_of(sources) == ["local:.", "kaggle:owner/set (1)", "kaggle:owner/set (2)"]


def test_an_error_says_which_source_it_is_about_and_stays_what_it_is() -> None:
    for name, said in (("A", "of several sources, A: busy"), ("", "busy")):
        with pytest.raises(SourceUnreachable) as told, about(name):
            raise SourceUnreachable("busy", retry_after=7)
        assert (str(told.value), told.value.retry_after) == (said, 7)


def test_what_a_probe_said_is_read_alike_of_one_and_of_several() -> None:
    one = {"address": "local:a", "version": "1", "files": {}}
    assert list(answers_in(one)) == [one]
    assert versions_in(one) == {"local:a": "1"}
    assert versions_in({"sources": [{"name": "x (1)", **one}, {"name": "y", **one}]}) == {"x (1)": "1", "y": "1"}
