"""evergreen.vision.training.batches: every row once, in the order that was drawn."""

import numpy as np
import pytest

from evergreen.images.rows import Rows
from evergreen.vision.training.batches import Batches, Feed, Side, keys_of, small_last


def test_batches_cover_every_row_once_in_their_order() -> None:
    rows = Rows.of(np.arange(7, dtype=np.float32)[:, None])
    side = Side(rows, np.eye(7, dtype=np.float32), np.arange(7, dtype=np.float32), keys_of(["ab" * 32] * 7))
    order = np.array([6, 2, 4, 0, 1, 3, 5])
    made = Batches(side, 3, order)
    parts = list(made)
    assert len(made) == len(parts)
    assert [len(part[0]) for part in parts] == [3, 3, 1]
    assert np.concatenate([part[0][:, 0] for part in parts]).tolist() == order.tolist()
    assert np.concatenate([part[1].argmax(axis=1) for part in parts]).tolist() == order.tolist()
    assert np.concatenate([part[2] for part in parts]).tolist() == order.tolist()


def test_labels_come_from_a_function_of_the_positions_and_a_batch_may_be_larger_than_all() -> None:
    labels = np.eye(3, dtype=np.float32)
    side = Side(Rows.of(np.zeros((3, 1), np.float32)), labels, np.ones(3, np.float32), keys_of(["ab" * 32] * 3))
    made = Batches(side, 65_536, np.array([2, 0, 1]), label=lambda positions: labels[positions] / 2)
    assert len(made) == 1
    assert next(iter(made))[1].tolist() == [[0, 0, 0.5], [0.5, 0, 0], [0, 0.5, 0]]
    assert next(iter(Batches(side, 2)))[1].tolist() == labels[:2].tolist()


def test_one_pipeline_gives_the_batches_of_each_epoch_and_another_those_of_a_part() -> None:
    rows = Rows.of(np.arange(5, dtype=np.float32)[:, None])
    side = Side(rows, np.eye(5, dtype=np.float32), np.ones(5, np.float32), keys_of(["ab" * 32] * 5))
    feed, orders = Feed(), [np.array([4, 3, 2, 1, 0]), np.array([1, 0, 2, 4, 3]), np.array([4, 3])]
    pipelines = []
    for order in orders:
        pipelines.append(feed.of(Batches(side, 2, order)))
        parts = [part.numpy() for part, _, _ in pipelines[-1]]
        assert np.concatenate(parts)[:, 0].tolist() == order.tolist()
        assert int(pipelines[-1].cardinality()) == len(parts)
    assert pipelines[0] is pipelines[1] is not pipelines[2]


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
