"""Write a run's curves as TensorBoard event files, with TensorBoard's own writer and without TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

# TensorBoard draws two runs into one chart if their tags are the same, so each side is a run of its own.
_SIDES = {
    "train": {"loss": "loss", "accuracy": "accuracy", "learning_rate": "learning_rate", "phase": "phase"},
    "validation": {"val_loss": "loss", "val_accuracy": "accuracy"},
}


def write(history: pd.DataFrame, folder: Path) -> None:
    """Write ``folder/train`` and ``folder/validation``; what was there before goes.

    Args:
        history: one row an epoch, over all phases; see ``vision.train``.
        folder: where TensorBoard is pointed at.
    """
    import shutil

    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    for side, names in _SIDES.items():
        shutil.rmtree(folder / side, ignore_errors=True)
        writer = EventFileWriter(str(folder / side))
        for step, row in enumerate(history.to_dict("records"), start=1):
            values = [Summary.Value(tag=tag, simple_value=float(row[name])) for name, tag in names.items()]
            writer.add_event(Event(step=step, wall_time=float(step), summary=Summary(value=values)))
        writer.close()
