"""Tensors from a legacy PyTorch file, without PyTorch and without running what is in it.

The layout is that of torch.save before version 1.6 (torch/serialization.py, ``_legacy_save``): pickles of a magic
number, a protocol, facts of the machine, the value, and the storages' keys; then each storage's length and numbers.
"""

import collections
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from evergreen.errors import WeightsUnavailable

_MAGIC = 0x1950A86A20F9469CFC6C
_DTYPES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
}


@dataclass(frozen=True)
class _Storage:
    key: str
    dtype: str


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_tensors(path: Path) -> dict[str, np.ndarray]:
    """Return {name: array} of a state dictionary.

    Raises:
        WeightsUnavailable: it is no such file, is cut short, or asks for anything else than tensors; no code of it ran.
    """
    try:
        with path.open("rb") as file:
            if _Tensors(file).load() != _MAGIC:
                raise WeightsUnavailable(f"{path.name}: expected a legacy PyTorch file of tensors")
            _Tensors(file).load()
            _Tensors(file).load()
            tensors = dict(_Tensors(file).load())
            keys = list(_Tensors(file).load())
            dtypes = {tensor.storage.key: tensor.storage.dtype for tensor in tensors.values()}
            storages = {str(key): _numbers(file, dtypes[str(key)]) for key in keys}
    except (pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise WeightsUnavailable(f"{path.name}: expected a legacy PyTorch file of tensors alone: {error}") from error
    return {name: _array(tensor, storages) for name, tensor in tensors.items()}


def _numbers(file: BinaryIO, dtype: str) -> np.ndarray:
    count = int(np.frombuffer(file.read(8), "<i8")[0])
    return np.frombuffer(file.read(count * np.dtype(dtype).itemsize), dtype, count)


def _array(tensor: _Tensor, storages: dict[str, np.ndarray]) -> np.ndarray:
    numbers = storages[tensor.storage.key]
    last = tensor.offset + sum((size - 1) * step for size, step in zip(tensor.shape, tensor.strides, strict=True))
    if last >= len(numbers) or min((*tensor.strides, tensor.offset), default=0) < 0:
        raise WeightsUnavailable("a tensor reaches past its storage: the file is damaged")
    strides = [step * numbers.itemsize for step in tensor.strides]
    return np.lib.stride_tricks.as_strided(numbers[tensor.offset :], tensor.shape, strides, writeable=False).copy()


def _rebuild(storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object) -> _Tensor:
    return _Tensor(storage, int(offset), tuple(shape), tuple(strides))


class _Tensors(pickle.Unpickler):  # noqa: S301 - it looks up nothing
    """Reads numbers, strings, dictionaries and tensors, and refuses to look up anything else."""

    def find_class(self, module: str, name: str) -> Any:
        """Return one of the few things that a state dictionary needs.

        Raises:
            UnpicklingError: the file asks for something else.
        """
        known: dict[tuple[str, str], Callable[..., Any]] = {
            ("collections", "OrderedDict"): collections.OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): _rebuild,
        }
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        if (module, name) not in known:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return known[module, name]

    def persistent_load(self, pid: Any) -> _Storage:
        """Return the storage that a tensor refers to."""
        kind, dtype, key, *_ = pid
        if kind != "storage" or dtype not in _DTYPES.values():
            raise pickle.UnpicklingError(f"it refers to a {kind!r}")
        return _Storage(str(key), str(dtype))
