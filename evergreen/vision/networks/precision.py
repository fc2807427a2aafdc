"""In which precision a network is trained: a fixed rule over the network and the machine, never a timing.

It changes the bits of a model, so it is part of the training step's key. Evaluation and proofs are always float32.
"""

import os
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from evergreen.sections.training import Train

Precision = Literal["float32", "bfloat16", "mixed_float16"]

_CPU_INFO = Path("/proc/cpuinfo")
_GPU_DRIVER = Path("/proc/driver/nvidia/version")
_GPUS = Path("/proc/driver/nvidia/gpus")
_BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16"}


def precision_of(train: "Train") -> Precision:
    """Return the precision for a network on this machine.

    ``auto``: mixed_float16 on an NVIDIA GPU that TensorFlow can use; on a CPU that multiplies bfloat16 (avx512_bf16 or
    AMX), bfloat16 for a plain CNN, where it was measured to pay, and float32 for backbones, where it was not; float32
    everywhere else.
    """
    if train.precision == "float32":
        return "float32"
    if _has_gpu():
        return "mixed_float16"
    return "bfloat16" if train.backbone == "cnn" and _cpu_flags() & _BFLOAT16_FLAGS else "float32"


def gpus() -> int:
    """Return how many NVIDIA GPUs TensorFlow can use, as far as that is known without starting it."""
    if not _has_gpu():
        return 0
    there = len(list(_GPUS.iterdir())) if _GPUS.is_dir() else 1
    shown = os.environ.get("CUDA_VISIBLE_DEVICES")
    return there if shown is None else min(there, len(shown.split(",")))


def _cpu_flags() -> set[str]:
    try:
        lines = _CPU_INFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return set()
    return next((set(line.split()) for line in lines if line.startswith("flags")), set())


def _has_gpu() -> bool:
    """Whether there is a driver, CUDA's libraries are installed beside TensorFlow, and no one has hidden the device."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0") in ("", "-1") or not _GPU_DRIVER.exists():
        return False
    try:
        distribution("nvidia-cudnn-cu12")
    except PackageNotFoundError:
        return False
    return True
