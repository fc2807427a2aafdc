"""runs.spread.computing: features that a cluster computes are those of this machine, in its cache; else it computes."""

import hashlib
import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from dask_clusters import cluster_of

from evergreen.cluster import Address, Cluster
from evergreen.errors import ThreadsFixed
from evergreen.recipe import load_recipe
from evergreen.vision import carried
from evergreen.vision.evaluate import right_on_validation
from evergreen.vision.networks import batch_norm, runtime
from evergreen.vision.train import Callbacks, ClassBalance, Labelled, ModelFiles, train
from evergreen.vision.training.features import PLAIN, Backbone, Features, outputs
from runs.spread import computing, shards
from runs.spread.agreeing import Traits
from runs.spread.computing import Computed, OnCluster, Shard
from runs.spread.decoding import SpreadImages

distributed = pytest.importorskip("distributed", reason="make setup EXTRAS=dask")

HEIGHT, WIDTH, MANY = 24, 20, 200


class Backboned:
    """A small network, pictures, what it makes of them here, and what was said."""

    def __init__(self) -> None:
        runtime.start(0, threads=None)
        from keras import Model, layers

        inputs = layers.Input((HEIGHT, WIDTH, 3))
        maps = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
        for _ in range(3):
            maps = layers.BatchNormalization()(layers.Conv2D(16, 3, activation="relu")(maps))
        self.model = Model(inputs, layers.GlobalAveragePooling2D()(maps))
        self.model.trainable = False
        batch_norm.fuse(self.model)
        self.pictures = np.random.default_rng(1).integers(0, 256, (MANY, HEIGHT, WIDTH, 3), np.uint8)
        self.keys = [number.to_bytes(32, "little") for number in range(MANY)]
        self.expected = np.concatenate(list(outputs(self.model, self.gather, range(MANY))))
        self.said, self.gathered = list[str](), list[int]()

    def gather(self, positions: np.ndarray) -> np.ndarray:
        if hasattr(self, "gathered"):
            self.gathered.extend(positions.tolist())
        return self.pictures[positions]

    def on(self, address: Address) -> np.ndarray:
        return np.concatenate(list(OnCluster(address, self.said.append)(self.model, self.gather, range(MANY))))


@pytest.fixture(scope="module")
def network() -> Backboned:
    return Backboned()


@pytest.fixture
def backboned(network: Backboned, monkeypatch: pytest.MonkeyPatch) -> Backboned:
    monkeypatch.setattr(computing, "_MEGAPIXELS", 0.01)
    monkeypatch.setattr(computing, "_SHARD_BYTES", 64 * HEIGHT * WIDTH * 3)
    monkeypatch.setattr(computing, "_KEPT_BYTES", 2 * 64 * 16 * 4)
    monkeypatch.setattr(shards, "_LOOK_SECONDS", 0.2)
    network.said.clear()
    network.gathered.clear()
    return network


@pytest.fixture(scope="module")
def processes() -> Iterator[Address]:
    with cluster_of(2, processes=True) as cluster:
        yield Address(cluster.scheduler_address, "EVERGREEN_DASK")


def _alike(backboned: Backboned) -> Any:
    """Return what a worker of this very machine answers, without a network of its own."""
    own = Traits("here", carried.told_of(backboned.model, carried.manner_of(backboned.model)))

    def answer(shard: Shard, network: bytes) -> Computed:
        assert network[:2] == b"PK", "a .keras file"
        return Computed(own, backboned.expected[shard.start : shard.start + len(shard.pictures)])

    return answer


def test_two_workers_compute_the_same_bytes_into_the_cache_and_one_that_is_killed_costs_none(
    backboned: Backboned, processes: Address, tmp_path: Path
) -> None:
    features = Features.of(
        backboned.model, tmp_path, Backbone("small", "average"), 1, OnCluster(processes, backboned.said.append)
    )
    rows = features.rows(backboned.keys, backboned.gather, PLAIN)
    assert (rows.gather(np.arange(MANY)) == backboned.expected).all()
    assert backboned.said == [f"features of {MANY} images are computed by Dask at {processes.on}, 2 workers"]
    assert sorted(backboned.gathered) == list(range(MANY))
    again = features.rows(backboned.keys, backboned.gather, PLAIN)
    assert (again.gather(np.arange(MANY)) == backboned.expected).all()
    assert len(backboned.said) == 1, "the second time from the cache"

    cluster = Cluster(processes)
    try:
        victim = next(iter(cluster.client.run(os.getpid).values()))
    finally:
        cluster.close()
    killed = threading.Event()

    def gather(positions: np.ndarray) -> np.ndarray:
        if not killed.is_set():
            killed.set()
            os.kill(victim, signal.SIGKILL)
        return backboned.pictures[positions]

    found = list(OnCluster(processes, backboned.said.append)(backboned.model, gather, range(MANY)))
    assert (np.concatenate(found) == backboned.expected).all()


def test_few_are_computed_here_and_nobody_is_asked(backboned: Backboned, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(computing, "_MEGAPIXELS", MANY * HEIGHT * WIDTH / 1e6 + 0.001)
    assert (backboned.on(Address("tcp://127.0.0.1:9", "EVERGREEN_DASK")) == backboned.expected).all()
    assert backboned.said == []


@pytest.mark.parametrize("name", ["what the network makes of drawn pictures", "train.precision", "tensorflow"])
def test_a_worker_that_computes_otherwise_is_sent_nothing_more_and_it_is_said(
    backboned: Backboned, threads: Address, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    alike, sent = _alike(backboned), list[int]()

    def other(shard: Shard, network: bytes) -> Computed:
        sent.append(shard.start)
        found = alike(shard, network)
        told = {**found.traits.told, name: "other"}
        return replace(found, traits=Traits("box", told), block=found.block + 1)

    monkeypatch.setattr(computing, "computed", other)
    assert (backboned.on(threads) == backboned.expected).all()
    assert len(sent) < -(-MANY // 64), "what was not under way stays here"
    assert f"a worker on box would answer with other bytes than this machine: {name}: expected " in backboned.said[1]
    assert "received other; what is left is computed by this machine. Workers of one processor" in backboned.said[1]
    assert backboned.said[2].startswith(f"{MANY} images are shown to the network by this machine: a worker on box")


def test_what_finds_no_memory_or_no_worker_that_may_is_computed_here(
    backboned: Backboned, threads: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    alike = _alike(backboned)

    def small(shard: Shard, network: bytes) -> Computed:
        if shard.start == 64:
            raise MemoryError
        return alike(shard, network)

    monkeypatch.setattr(computing, "computed", small)
    assert (backboned.on(threads) == backboned.expected).all()
    assert backboned.said[1:] == ["64 images are shown to the network by this machine: MemoryError: no more is known"]

    def fixed(shard: Shard, network: bytes) -> Computed:
        return Computed(Traits("box", {}), None, "expected TensorFlow to compute on 7 threads")

    backboned.said.clear()
    monkeypatch.setattr(computing, "computed", fixed)
    assert (backboned.on(threads) == backboned.expected).all()
    assert ": expected TensorFlow to compute on 7 threads; what is left is computed by this" in backboned.said[1]


def test_a_worker_says_in_which_manner_it_cannot_compute(backboned: Backboned, monkeypatch: pytest.MonkeyPatch) -> None:
    def unpacked(data: bytes, manner: carried.Manner) -> Any:
        raise ThreadsFixed("expected TensorFlow to compute on 7 threads")

    monkeypatch.setattr(carried, "unpacked", unpacked)
    monkeypatch.setattr(computing, "_last", [])
    manner = carried.Manner(7, "float32", False)
    answer = computing.computed(Shard(0, backboned.pictures[:64], manner), b"none")
    assert (answer.block, answer.refused) == (None, "expected TensorFlow to compute on 7 threads")


def test_a_worker_that_ran_out_of_memory_over_a_network_takes_it_anew_for_the_next_shard(
    backboned: Backboned, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, told_of = list[bytes](), carried.told_of

    def unpacked(data: bytes, manner: carried.Manner) -> Any:
        taken.append(data)
        return backboned.model

    def first_without_room(model: Any, manner: carried.Manner) -> dict[str, str]:
        if len(taken) == 1:
            raise MemoryError
        return told_of(model, manner)

    monkeypatch.setattr(carried, "unpacked", unpacked)
    monkeypatch.setattr(carried, "told_of", first_without_room)
    monkeypatch.setattr(computing, "_last", [])
    shard = Shard(0, backboned.pictures[:64], carried.manner_of(backboned.model))
    with pytest.raises(MemoryError):
        computing.computed(shard, b"one")
    for _ in range(2):
        answer = computing.computed(shard, b"one")
        assert (answer.block == backboned.expected[:64]).all()
    assert taken == [b"one", b"one"], "and it stays"


CLASSES = ["dark", "red"]
FROZEN = [
    "image={height: 32, width: 32}",
    "augment={rotation: 20, horizontal_flip: alternate, mixup: 0.4}",
    "train.backbone=EfficientNetLite0",
    "train.cnn=[]",
    "train.views=2",
    "train.phases=[{unfreeze: none, epochs: 2, learning_rate: 0.01, batch: 8}]",
]


@pytest.mark.soak
def test_a_training_and_what_judges_it_have_the_features_of_a_cluster(
    processes: Address, tmp_path: Path, png: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Changed and mixed views too, each asked of the workers once, and the model is the same to the byte."""
    monkeypatch.setattr(computing, "_MEGAPIXELS", 0.001)
    blobs = dict[str, bytes]()
    rows = []
    for label, colour in zip(CLASSES, ((10, 10, 10), (190, 20, 20)), strict=True):
        for number in range(12):
            data = png(number, (40, 36), colour)
            digest = hashlib.sha256(data).hexdigest()
            blobs[digest] = data
            rows.append((f"{label}/{number}", label, digest, "train" if number < 8 else "validation"))
    table = pd.DataFrame(rows, columns=["path", "label", "sha256", "split"])
    recipe, said, found = load_recipe("digits", FROZEN), list[str](), []
    for address in (None, processes):
        folder = tmp_path / ("there" if address else "here")
        folder.mkdir()
        images = SpreadImages(
            blobs.__getitem__, folder / "pixels", folder / "features", address=address, path_of=Path, say=said.append
        )
        train(Labelled(table, images, CLASSES), ClassBalance(), recipe, ModelFiles(folder / "model.keras"), Callbacks())
        right = right_on_validation(table, images, CLASSES, recipe, folder / "model.keras", Backbone.of(recipe.train))
        kept = sorted(path.name for path in (folder / "features").rglob("*.rows"))
        found.append((kept, (folder / "model.keras").read_bytes(), right.tolist()))
    assert found[0] == found[1]
    asked = [f"features of {count} images are computed by Dask at {processes.on}, 2 workers" for count in (8, 16, 16)]
    assert said == asked, "validation and two views; what judges finds them in the cache"
