"""The stages of a backbone: what lies between two halvings of the resolution."""

from typing import Any

_SAME = 0.75  # a halving gives 2/3 at most (of 3 pixels), and paddings change a height by less


def stages(backbone: Any) -> dict[str, int]:
    """Return the stage of every layer with weights, counted from the end: 1 is the last stage, next to the head.

    A layer belongs to the largest resolution of those that it and the layers after it have, so that what looks at a
    picture as a whole (squeeze and excite, over 1 x 1 pixels) belongs to the stage that uses what it saw.

    Args:
        backbone: a functional ``keras.Model`` over (N, H, W, 3).

    Returns:
        Layer name -> stage.
    """
    after: dict[int, int] = {}  # of a tensor: the largest height of the layers that come after it
    heights: dict[str, int] = {}
    for layer in reversed(backbone.operations):  # each stands after those that it depends on; some are no layers
        outputs = [tensor for node in layer._inbound_nodes for tensor in node.output_tensors]
        height = max((after.get(id(tensor), 0) for tensor in outputs), default=0)
        if getattr(layer, "weights", None):  # others, as paddings, may have any height
            height = heights[layer.name] = max(height, *(int(tensor.shape[1]) for tensor in outputs))
        for node in layer._inbound_nodes:
            for tensor in node.input_tensors:
                after[id(tensor)] = max(after.get(id(tensor), 0), height)
    smallest: list[int] = []  # height of each stage, from the last on
    for height in sorted(set(heights.values())):
        if not smallest or smallest[-1] <= height * _SAME:
            smallest.append(height)
    return {name: sum(least <= height for least in smallest) for name, height in heights.items()}
