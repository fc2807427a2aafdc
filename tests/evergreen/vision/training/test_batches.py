"""evergreen.vision.training.batches: every row once, in the order that was drawn."""

import numpy as np
import pytest

from evergreen.images.rows import Rows
from evergreen.vision.training.batches import Side, batches, keys_of, small_last


def test_batches_cover_every_row_once_in_their_order() -> None:
    rows = Rows.of(np.arange(7, dtype=np.float32)[:, None])
    side = Side(rows, np.eye(7, dtype=np.float32), np.arange(7, dtype=np.float32), keys_of(["ab" * 32] * 7))
    order = np.array([6, 2, 4, 0, 1, 3, 5])
    made = batches(side, 3, order)
    parts = [made[number] for number in range(len(made))]
    assert [len(part[0]) for part in parts] == [3, 3, 1]
    assert np.concatenate([part[0][:, 0] for part in parts]).tolist() == order.tolist()
    assert np.concatenate([part[1].argmax(axis=1) for part in parts]).tolist() == order.tolist()
    assert np.concatenate([part[2] for part in parts]).tolist() == order.tolist()


def test_labels_come_from_a_function_of_the_positions_and_a_batch_may_be_larger_than_all() -> None:
    labels = np.eye(3, dtype=np.float32)
    side = Side(Rows.of(np.zeros((3, 1), np.float32)), labels, np.ones(3, np.float32), keys_of(["ab" * 32] * 3))
    made = batches(side, 65_536, np.array([2, 0, 1]), label=lambda positions: labels[positions] / 2)
    assert len(made) == 1
    assert made[0][1].tolist() == [[0, 0, 0.5], [0.5, 0, 0], [0, 0.5, 0]]
    assert batches(side, 2)[0][1].tolist() == labels[:2].tolist()


@pytest.mark.parametrize(
    ("rows", "size", "momentum", "said"),
    [
        (40_000, 1024, 0.6, "64 images, the others 1,024, and batch norms of momentum 0.6 judge by its moments: "),
        (40_000, 1024, 0.99, ""),  # Keras' own, which one batch hardly moves
        (40_000, 1000, 0.6, ""),
        (39_500, 1000, 0.6, ""),  # half of a batch is not small
        (64, 1024, 0.6, ""),  # there is one batch alone
    ],
)  # fmt: skip
def test_a_small_last_batch_is_said_where_norms_forget_fast(rows: int, size: int, momentum: float, said: str) -> None:
    assert said in small_last(rows, size, momentum)
    assert not said or small_last(rows, size, momentum).endswith(
        "batch: 1000 would make nearly equal batches of 40,000 images"
    )
    assert bool(said) == bool(small_last(rows, size, momentum))
