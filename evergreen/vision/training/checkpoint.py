"""Checkpoints of a training: one file an epoch, whole or not there; a torn one is passed over."""

import hashlib
import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

# Facts, and arrays by name.
State = tuple[dict[str, Any], dict[str, list[np.ndarray]]]
_KEPT = 2
_FACTS = "facts"


class Checkpoints:
    """The newest states of one training in a folder of its own; without a folder nothing is kept."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def save(self, number: int, facts: Mapping[str, Any], arrays: Mapping[str, list[np.ndarray]]) -> None:
        """Write a state aside, flush it, and rename it; older ones than the last but one go.

        Args:
            number: rises from state to state.
            facts: JSON values.
            arrays: name -> arrays, in their order.
        """
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        named = {f"{name}/{index:05d}": value for name, values in arrays.items() for index, value in enumerate(values)}
        packed = io.BytesIO()
        np.savez(packed, **{_FACTS: np.frombuffer(json.dumps(dict(facts)).encode(), np.uint8)}, **named)
        data = packed.getbuffer()
        target = self._folder / f"{number:012d}-{hashlib.sha256(data).hexdigest()}.npz"
        part = target.with_suffix(".part")
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
        for old in sorted(self._folder.glob("*.npz"))[:-_KEPT]:
            old.unlink(missing_ok=True)

    def load(self) -> State | None:
        """Return the newest whole state, as it was saved, or None."""
        if self._folder is None or not self._folder.is_dir():
            return None
        for path in sorted(self._folder.glob("*.npz"), reverse=True):
            data = path.read_bytes()
            if hashlib.sha256(data).hexdigest() == path.stem.partition("-")[2]:
                return _unpacked(data)
        return None

    def clear(self) -> None:
        """Remove every state, and what lies below them of teachers: the training has ended."""
        if self._folder is None or not self._folder.is_dir():
            return
        for path in sorted(self._folder.iterdir()):
            if path.is_dir():
                Checkpoints(path).clear()
            else:
                path.unlink(missing_ok=True)
        self._folder.rmdir()


def _unpacked(data: bytes) -> State:
    arrays: dict[str, list[np.ndarray]] = {}
    with np.load(io.BytesIO(data), allow_pickle=False) as packed:
        facts = json.loads(packed[_FACTS].tobytes())
        for name in sorted(packed.files):
            if name != _FACTS:
                arrays.setdefault(name.rpartition("/")[0], []).append(packed[name])
    return facts, arrays
