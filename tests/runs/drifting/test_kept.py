"""Which images a model's run knows, in whichever form their tables rest."""

import pandas as pd
import pytest

from evergreen import columns
from runs.drifting.kept import known_images
from storage.store import Store


@pytest.mark.parametrize("rows", [2, 100])
def test_images_of_a_large_dataset_are_known_as_those_of_a_small_one(
    store: Store, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(columns, "ROWS", rows)
    tables = {"dataset": ["a" * 64, "b" * 64, "c" * 64], "aside": ["d" * 64]}
    files = {}
    for name, digests in tables.items():
        files |= columns.file_of(name, pd.DataFrame({"path": digests, "sha256": digests}))
    published = store.publish("dataset", files, {})
    assert ("dataset.arrow" in files) == (rows == 2)
    assert known_images(store, published.sha256) == {digest for digests in tables.values() for digest in digests}
    assert known_images(store, "e" * 64) is None
