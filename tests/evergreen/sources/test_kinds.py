"""evergreen.sources.kinds: every kind that a recipe may name has its row, and probe and acquire go by it."""

import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from evergreen.sections.data import EmbeddedSource, Source
from evergreen.sources.acquire import acquire
from evergreen.sources.embedded import digits_zip
from evergreen.sources.fetching.context import SourceContext
from evergreen.sources.kinds import KINDS
from evergreen.sources.probe import probe


def test_every_kind_of_a_recipe_has_its_row() -> None:
    assert list(KINDS) == list(Source.model_fields)


@pytest.mark.parametrize("name", list(KINDS))
def test_the_row_is_asked_with_the_recipes_own_section(
    name: str, context: SourceContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[tuple[Any, ...]] = []
    row = SimpleNamespace(version=lambda *given: heard.append(given), acquire=lambda *given: heard.append(given))
    monkeypatch.setitem(KINDS, name, row)
    source: Any = SimpleNamespace(kind=name, **{name: "its section"})
    probe(source, context)
    acquire(source, {"a.zip": "1"}, context)
    assert heard == [("its section", context), ("its section", {"a.zip": "1"}, context)]


def test_an_embedded_dataset_is_asked_and_brought(context: SourceContext) -> None:
    source = Source(embedded=EmbeddedSource(name="digits"))
    facts = probe(source, context)
    assert (facts["address"], facts["files"]) == ("embedded:digits", {})
    assert facts["version"].startswith("layout 1, scikit-learn ")
    assert acquire(source, {}, context) == {"digits.zip": digits_zip()}


def test_importing_the_kinds_imports_nothing_heavy() -> None:
    script = (
        "import sys; import evergreen.sources.kinds; "
        "print({'kaggle', 'kagglesdk', 'pandas', 'requests', 'sklearn', 'PIL'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
