"""runs.run: ids of runs, a journal that tells who listens, and what an entry is in JSON."""

import re
from typing import Any

from evergreen.recipe import load_recipe
from runs.run import Entry, Journal, Run, listener, new_id
from storage.artifacts import Ref
from storage.store import Store


class _Heard:
    """Remembers which steps ended."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    def ended(self, entry: Entry) -> None:
        """Remember it."""
        self.steps.append(entry.name)


def test_an_id_sorts_by_time_and_is_never_given_twice(store: Store) -> None:
    ids = {new_id() for _ in range(50)}
    assert len(ids) == 50
    assert all(re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{6}", one) for one in ids)
    run = Run.new(store, load_recipe("digits"))
    assert (run.name, run.journal.entries) == ("digits", {})


def test_a_journal_keeps_the_order_and_tells_who_listens() -> None:
    journal, heard = Journal(), _Heard()
    token = listener.set(heard)  # type: ignore[arg-type]
    try:
        for name in ("split", "probe", "train"):
            journal.add(Entry(name, "ran", "first run"))
    finally:
        listener.reset(token)
    journal.add(Entry("split", "reused", "nothing changed"))
    assert list(journal.entries) == heard.steps == ["split", "probe", "train"]
    assert journal.entries["split"].state == "reused"


def test_an_entry_is_plain_json() -> None:
    output = Ref("model", "a" * 64, 7)
    told: dict[str, Any] = Entry("train", "ran", "first run", 1.23456, output, "key", {"split": "b" * 64}).as_json()
    assert (told["output"], told["seconds"], told["inputs"]) == ("a" * 64, 1.235, {"split": "b" * 64})
    assert Entry("train", "unknown", "known once probe has run").as_json()["output"] is None
