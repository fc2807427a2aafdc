"""Features of a frozen backbone, computed by the workers of a Dask cluster.

This machine opens and changes the images, as without a cluster; their pixels travel to the workers, which see neither a
store nor a file, and features come back into the cache of whoever asked. Batches are those that this machine would
compute. A worker that makes other bytes of a batch of drawn pictures is sent nothing more: what is left is computed
here, and said.
"""

from __future__ import annotations

import platform
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from evergreen.cluster import Address, Cluster
from evergreen.errors import ThreadsFixed
from runs.away.hands import ONE_AT_A_TIME
from runs.spread.agreeing import Traits
from runs.spread.shards import Done, done_here, spread

if TYPE_CHECKING:
    from evergreen.vision.carried import Manner

# A worker starts TensorFlow first, and both sides compute 64 drawn pictures: 1,000 images of 224 pixels pay for that.
_MEGAPIXELS = 50.0
_SHARD_BYTES = 8 * 2**20  # of pixels that go along, through the scheduler; a batch at least
_MOST = 1024
_KEPT_BYTES = 2**30  # of features that came before those of an earlier shard

Gather = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Shard:
    """Some pictures to compute features of.

    Attributes:
        start: place of the first one among all.
        pictures: (n, H, W, 3) uint8.
        manner: how the network computes here.
    """

    start: int
    pictures: np.ndarray
    manner: Manner


@dataclass(frozen=True)
class Computed:
    """What a worker answers.

    Attributes:
        traits: its own; the sender takes the features if they are the sender's.
        block: (n, ...) features; None where it cannot compute in this manner.
        refused: why it cannot.
    """

    traits: Traits
    block: np.ndarray | None
    refused: str = ""


@dataclass(frozen=True)
class OnCluster:
    """Computes with a network on a cluster, and here what nobody there answers for; as ``images.pixels.Outputs``.

    Attributes:
        address: of the cluster.
        say: told who computes.
    """

    address: Address
    say: Callable[[str], object]
    _known: list[_Network] = field(default_factory=list, compare=False, repr=False)  # the last: each view asks the same

    def __call__(self, model: Any, gather: Gather, positions: Sequence[int]) -> Iterator[np.ndarray]:
        """Yield what a network makes of the images at some positions, in order, with the bytes of this machine.

        Args:
            model: of raw images, (N, H, W, 3) in 0-255.
            gather: gives the images at some positions, (n, H, W, 3) uint8.
            positions: of the images that are not kept yet.

        Raises:
            BadInput: no cluster answers there, or its workers have another program, or none.
        """
        from evergreen.vision import carried  # late: what needs no network starts without
        from evergreen.vision.training.features import outputs

        height, width = model.input_shape[1:3]
        if len(positions) * height * width / 1e6 < _MEGAPIXELS:
            yield from outputs(model, gather, positions)
            return
        if not self._known or self._known[0].model is not model or not self._known[0].stands:
            self._known[:] = [_Network.of(model, carried.manner_of(model), carried.packed(model))]
        sending = _Sending(self._known[0], gather, positions, self.say)
        with closing(Cluster(self.address)) as cluster:
            self.say(f"features of {len(positions):,} images are computed by {cluster.where}")
            yield from sending.blocks(cluster)


@dataclass(frozen=True)
class _Network:
    """A network of this process, the sender's or a worker's.

    Attributes:
        model: the network.
        manner: how it computes here.
        packed: as ``carried.packed`` gives it.
        traits: what this process makes of drawn pictures with it, among others.
        starts: as ``runtime.starts`` was when the rest was found.
    """

    model: Any
    manner: Manner
    packed: bytes
    traits: Traits
    starts: int

    @classmethod
    def of(cls, model: Any, manner: Manner, packed: bytes) -> _Network:
        from evergreen.vision import carried
        from evergreen.vision.networks import runtime

        traits = Traits(platform.node(), carried.told_of(model, manner))
        return cls(model, manner, packed, traits, runtime.starts())

    @property
    def stands(self) -> bool:
        """Whether nobody set this process up anew since."""
        from evergreen.vision.networks import runtime

        return self.starts == runtime.starts()

    def features(self, pictures: np.ndarray) -> np.ndarray:
        """Return what it makes of pictures, (n, ...)."""
        from evergreen.vision.training.features import outputs

        return np.concatenate(list(outputs(self.model, lambda at: pictures[at], range(len(pictures)))))


class _Sending:
    """Which shards are to be sent, and in which order their features are wanted."""

    def __init__(self, own: _Network, gather: Gather, positions: Sequence[int], say: Callable[[str], object]) -> None:
        from evergreen.vision.training.features import BATCH

        self._own, self._gather, self._positions, self._say = own, gather, positions, say
        model = own.model
        batches = _SHARD_BYTES // (BATCH * int(np.prod(model.input_shape[1:])))
        self._size = BATCH * max(1, min(_MOST // BATCH, batches))
        self._ahead = max(self._size, _KEPT_BYTES // (4 * int(np.prod(model.output_shape[1:]))))
        self._next_start, self._wanted = 0, 0
        self._left: Counter[str] = Counter()
        self._differs = ""

    def blocks(self, cluster: Cluster) -> Iterator[np.ndarray]:
        """Yield the features of all images, in order."""
        found: dict[int, np.ndarray] = {}
        # Not scattered: what a dead worker held, the scheduler would not have again.
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
            network = cluster.client.submit(bytes, self._own.packed, pure=False)
        for done in spread(cluster, computed, self._next, network):
            found[done.shard.start] = self._taken(done)
            while (block := found.pop(self._wanted, None)) is not None:
                self._wanted += len(block)
                yield block
        while self._wanted < len(self._positions):
            block = self._own.features(self._pictures(self._wanted))
            self._wanted += len(block)
            self._left[self._differs] += len(block)
            yield block
        for told in done_here(self._left, "shown to the network"):
            self._say(told)

    def _taken(self, done: Done[Shard]) -> np.ndarray:
        """Return the features of a shard: a worker's, if it computes as this machine, else this machine's."""
        why = done.why
        if not why:
            answer: Computed = done.answer
            why = answer.refused or answer.traits.differing(self._own.traits)
            if not why and answer.block is not None:
                return answer.block
            why = f"a worker on {answer.traits.host} would answer with other bytes than this machine: {why}"
            if not self._differs:
                self._say(
                    f"{why}; what is left is computed by this machine. Workers of one processor, with the "
                    "requirements.lock of this program, whose recipes name the same train.threads and train.precision, "
                    "agree"
                )
            self._differs = self._differs or why
        self._left[why] += len(done.shard.pictures)
        return self._own.features(done.shard.pictures)

    def _pictures(self, start: int) -> np.ndarray:
        return self._gather(np.array(self._positions[start : start + self._size]))

    def _next(self) -> Shard | None:
        start = self._next_start
        if self._differs or start >= min(len(self._positions), self._wanted + self._ahead):
            return None
        shard = Shard(start, self._pictures(start), self._own.manner)
        self._next_start += len(shard.pictures)
        return shard


# -- in a worker -------------------------------------------------------------------------------------------------------


_last: list[_Network] = []  # the network that was asked last, if any was: it stays for the next shard


def computed(shard: Shard, network: bytes) -> Computed:
    """Compute the features of some pictures.

    Args:
        shard: which, and how.
        network: as ``carried.packed`` gives it.
    """
    from evergreen.vision import carried

    with ONE_AT_A_TIME:  # a training in the same process would be set up anew
        if not _last or (_last[0].packed, _last[0].manner) != (network, shard.manner) or not _last[0].stands:
            try:
                model = carried.unpacked(network, shard.manner)
            except ThreadsFixed as error:
                return Computed(Traits(platform.node(), {}), None, str(error))
            _last[:] = [_Network.of(model, shard.manner, network)]
        return Computed(_last[0].traits, _last[0].features(shard.pictures))
