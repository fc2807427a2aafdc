"""evergreen.vision.networks.torch_file: tensors are read, and no code is run."""

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest

from evergreen.errors import WeightsUnavailable
from evergreen.vision.networks import efficientnet_lite, torch_file


class _Ran:
    happened: list[str] = []  # noqa: RUF012

    def __reduce__(self) -> Any:
        return (_Ran.happened.append, ("ran",))


@pytest.mark.parametrize("position", range(5))
def test_a_file_that_would_run_code_is_refused_unrun(tmp_path: Path, position: int) -> None:
    parts: list[Any] = [0x1950A86A20F9469CFC6C, 1001, {}, OrderedDict(), []]
    parts[position] = _Ran()
    path = tmp_path / "weights.pth"
    path.write_bytes(b"".join(pickle.dumps(part, protocol=2) for part in parts))
    with pytest.raises(WeightsUnavailable):
        torch_file.read_tensors(path)
    assert _Ran.happened == []


def test_a_cut_or_foreign_file_is_refused(tmp_path: Path) -> None:
    whole = efficientnet_lite._packaged("EfficientNetLite0").read_bytes()
    for data in (b"", b"no weights", whole[: len(whole) // 2], pickle.dumps(1)):
        (tmp_path / "weights.pth").write_bytes(data)
        with pytest.raises(WeightsUnavailable):
            torch_file.read_tensors(tmp_path / "weights.pth")
