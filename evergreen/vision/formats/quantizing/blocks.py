"""A network's operations in blocks, which stay in float32 as a whole.

One layer alone gains little in float32: what it takes and gives is still rounded to 8 bits. Inside a block nothing is.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from evergreen.vision.formats.quantizing.ranges import Operation

MOST = 24


def blocks(operations: Sequence[Operation], most: int = MOST) -> list[tuple[Operation, ...]]:
    """Return runs of operations that meet at one tensor each, in order; together they are all operations.

    A cut is where a single tensor of activations goes on: never inside a residual block, whose sum would otherwise
    take one addend from each side.

    Args:
        operations: in the order of execution.
        most: blocks; where there are more cuts, neighbours are put together, as evenly as cuts allow.
    """
    cuts = [number for number in range(1, len(operations)) if _crossing(operations, number) == 1]
    share = len(operations) / most
    chosen: list[int] = []
    for cut in cuts:
        if cut - (chosen[-1] if chosen else 0) >= share:
            chosen.append(cut)
    edges = [0, *chosen, len(operations)]
    return [tuple(operations[start:end]) for start, end in pairwise(edges)]


def _crossing(operations: Sequence[Operation], cut: int) -> int:
    """Return how many tensors operations before a cut give to those from it on."""
    made = {tensor for operation in operations[:cut] for tensor in operation.gives}
    taken = {tensor for operation in operations[cut:] for tensor in operation.reads}
    return len(made & taken)
