"""Keras files whose bytes depend on the model alone, and loading that runs no code from the file."""

import json
import zipfile
from pathlib import Path
from typing import Any

from evergreen.errors import ExportRefused
from evergreen.vision.networks import batch_norm

_EPOCH = (1980, 1, 1, 0, 0, 0)


def save(model: Any, path: Path) -> None:
    """Write ``model`` as a ``.keras`` file without the clock and the addresses that Keras puts into it."""
    stamped = path.with_name(path.name + ".stamped.keras")
    model.save(stamped)
    with zipfile.ZipFile(stamped) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as target:
        for name in sorted(source.namelist()):
            data = source.read(name)
            if name == "metadata.json":
                data = json.dumps(json.loads(data) | {"date_saved": "1980-01-01@00:00:00"}, sort_keys=True).encode()
            elif name == "config.json":
                data = json.dumps(_renumbered(json.loads(data), {}), sort_keys=True).encode()
            target.writestr(zipfile.ZipInfo(name, _EPOCH), data)
    stamped.unlink()


def _renumbered(config: Any, numbers: dict[int, int]) -> Any:
    """Number shared objects by first appearance, where Keras writes their addresses in memory."""
    if isinstance(config, list):
        return [_renumbered(item, numbers) for item in config]
    if not isinstance(config, dict):
        return config
    renumbered = {name: _renumbered(value, numbers) for name, value in config.items()}
    if "shared_object_id" in config:
        renumbered["shared_object_id"] = numbers.setdefault(config["shared_object_id"], len(numbers))
    return renumbered


def load(path: Path, classes: list[str]) -> Any:
    """Read a ``.keras`` file; Lambda layers and other code in it are refused, not run.

    Raises:
        ExportRefused: Keras refuses the file, or its output does not have one score a class.
    """
    import keras

    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except (ValueError, TypeError, OSError, zipfile.BadZipFile) as error:
        raise ExportRefused(f"{path.name}: Keras refuses this model: {error}") from error
    if model.output_shape[-1] != len(classes):
        raise ExportRefused(f"{path.name}: expected {len(classes)} scores, the model returns {model.output_shape[-1]}")
    return model


def load_to_run(path: Path, classes: list[str]) -> Any:
    """Read a ``.keras`` file as ``load`` does, to ask it and not to write it anew: its batch norms are fused.

    Raises:
        ExportRefused: as ``load``.
    """
    model = load(path, classes)
    batch_norm.fuse(model)
    return model
