"""evergreen.datasets.workers: every request is answered once, by however many processes, also where one is refused."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from evergreen.datasets.measure import measure
from evergreen.datasets.workers import Request, measure_all


@pytest.mark.parametrize("most", [1, 3])
def test_every_request_is_answered_once(tmp_path: Path, png: Callable[..., bytes], most: int) -> None:
    files = {}
    for number in range(40):  # several batches
        data = png(number) if number else b"no image"
        sha256 = hashlib.sha256(data).hexdigest()
        files[sha256] = data
        (tmp_path / sha256).write_bytes(data)
    answers = list(measure_all((Request(sha256, tmp_path / sha256) for sha256 in files), most, 1, 60))
    assert sorted(sha256 for sha256, _ in answers) == sorted(files)
    refused = hashlib.sha256(b"no image").hexdigest()
    assert dict(answers)[refused]["refused"].startswith("not a readable image")
    assert {sha256: answer for sha256, answer in answers if sha256 != refused} == {
        sha256: measure(data, 1) for sha256, data in files.items() if sha256 != refused
    }
