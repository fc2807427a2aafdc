"""evergreen.vision.formats.quantizing.blocks: a network is cut where one tensor goes on."""

from evergreen.vision.formats.quantizing.blocks import blocks
from evergreen.vision.formats.quantizing.ranges import Operation


def _chain(count: int) -> list[Operation]:
    return [Operation(f"o{number}", "CONV_2D", (number, 100 + number), (number + 1,)) for number in range(count)]


def _names(found: list[tuple[Operation, ...]]) -> list[list[str]]:
    return [[operation.name for operation in block] for block in found]


def test_a_chain_is_cut_anywhere_and_no_operation_is_lost() -> None:
    assert _names(blocks(_chain(4))) == [["o0"], ["o1"], ["o2"], ["o3"]]
    assert _names(blocks(_chain(7), 2)) == [["o0", "o1", "o2", "o3"], ["o4", "o5", "o6"]]
    for count in (1, 5, 16, 17, 64, 100):
        found = blocks(_chain(count))
        assert [name for block in _names(found) for name in block] == [f"o{number}" for number in range(count)]
        assert len(found) <= 24


def test_no_cut_is_inside_a_residual_block() -> None:
    before, expand, narrow = _chain(3)
    total = Operation("sum", "ADD", (1, 3), (4,))  # what the first gave, and what the third gave
    last = Operation("last", "MEAN", (4,), (5,))
    assert _names(blocks([before, expand, narrow, total, last])) == [["o0"], ["o1", "o2", "sum"], ["last"]]
