"""evergreen.sources.keras_source: the published files, in their published forms, without running what is in them."""

from pathlib import Path
from typing import Any

import pytest
from published import PUBLISHED

from evergreen.sections.data import KerasSource
from evergreen.sources import keras_source
from evergreen.sources.fetching.context import SourceContext


@pytest.mark.parametrize("name", PUBLISHED)
def test_they_are_fetched_by_the_http_source_and_checked(
    server: Any, context: SourceContext, shelf: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    import hashlib

    files = PUBLISHED[name][0]()
    official = keras_source.PUBLISHED[name]
    assert {url.rpartition("/")[2] for url in official} == set(files)
    published = {}
    for file, data in files.items():
        server.add(f"/{file}", data)
        stated = any(digest for url, digest in official.items() if url.endswith(file))
        published[server.url(f"/{file}")] = hashlib.sha256(data).hexdigest() if stated else None
    monkeypatch.setitem(keras_source.PUBLISHED, name, published)
    source = KerasSource(name=name, pause_seconds=0.01)
    facts = keras_source.version(source, context)
    assert facts["address"] == f"keras:{name}"
    kept = keras_source.acquire(source, facts["files"], context)
    assert {file: shelf.read(one) for file, one in kept.items()} == files


def test_the_addresses_and_digests_are_keras_own() -> None:
    import keras

    folder = Path(keras.__file__).parent / "src" / "datasets"
    for name, files in keras_source.PUBLISHED.items():
        source = (folder / f"{name}.py").read_text()
        for url, digest in files.items():
            assert url.rpartition("/")[2] in source
            assert url.rpartition("/")[0] in source
            assert digest is None or digest in source
