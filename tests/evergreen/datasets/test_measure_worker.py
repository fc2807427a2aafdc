"""evergreen.datasets.measure_worker: a file is measured if its bytes are those that it is asked by."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from evergreen.datasets.measure import measure
from evergreen.datasets.measure_worker import answer


def test_bytes_of_another_digest_and_files_that_are_gone_are_damaged(tmp_path: Path, png: Callable[..., bytes]) -> None:
    data = png()
    (tmp_path / "a").write_bytes(data)
    request = {"sha256": hashlib.sha256(data).hexdigest(), "path": str(tmp_path / "a"), "max_megapixels": 1}
    assert answer(request) == measure(data, 1)
    assert answer(request | {"sha256": "0" * 64}) == {"damaged": True}
    assert answer(request | {"path": str(tmp_path / "none")}) == {"damaged": True}
