"""evergreen.tracking.tensorboard_log: TensorBoard reads the curves."""

from pathlib import Path

import pandas as pd

from evergreen.tracking import tensorboard_log


def test_tensorboard_reads_the_curves(tmp_path: Path, history: pd.DataFrame) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    for _ in range(2):  # the second time replaces the first
        tensorboard_log.write(history, tmp_path)
    read = EventAccumulator(str(tmp_path / "validation")).Reload()
    assert [(event.step, round(event.value, 4)) for event in read.Scalars("loss")] == [(1, 1.0), (2, 0.6), (3, 0.7)]
    train = EventAccumulator(str(tmp_path / "train")).Reload()
    assert sorted(train.Tags()["scalars"]) == ["accuracy", "learning_rate", "loss", "phase"]
    assert len(list((tmp_path / "train").iterdir())) == 1
