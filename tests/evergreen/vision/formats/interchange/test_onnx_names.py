"""evergreen.vision.formats.interchange.onnx_names: names and order depend on the network alone."""

from typing import Any

import numpy as np
import pytest

from evergreen.errors import ExportRefused
from evergreen.vision.formats.interchange.onnx_names import put_in_order

onnx = pytest.importorskip("onnx", reason="make setup EXTRAS=onnx")


def _model(names: dict[str, str], *, turned: bool = False) -> Any:
    """Return a model of two nodes beside one that nothing needs, with names of its own, its lists turned or not."""
    helper, numpy_helper = onnx.helper, onnx.numpy_helper
    name = lambda letter: names.get(letter, letter)  # noqa: E731
    nodes = [
        helper.make_node("Mul", ["image", name("factor")], [name("m")], name=name("node m"), doc_string=name("why")),
        helper.make_node("Add", [name("m"), name("offset")], ["scores"], name=name("node a")),
        helper.make_node("Neg", ["image"], [name("unused")]),
    ]
    constants = [
        numpy_helper.from_array(np.float32([value]), name(letter))
        for letter, value in (("factor", 2), ("offset", 3), ("nobody's", 4))
    ]
    ends = [
        helper.make_tensor_value_info(end, onnx.TensorProto.FLOAT, [name("unk__1"), 1]) for end in ("image", "scores")
    ]
    graph = helper.make_graph(nodes, name("graph"), ends[:1], ends[1:], constants[:: -1 if turned else 1])
    opsets = [helper.make_opsetid("", 15), helper.make_opsetid("ai.onnx.ml", 2)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def test_other_names_and_another_order_give_the_same_bytes() -> None:
    one, other = (
        _model({}),
        _model({"factor": "x__7", "m": "y:0", "node m": "", "unk__1": "u", "why": "z"}, turned=True),
    )
    assert one.SerializeToString() != other.SerializeToString()
    put_in_order(one)
    put_in_order(other)
    assert one.SerializeToString(deterministic=True) == other.SerializeToString(deterministic=True)
    onnx.checker.check_model(one, full_check=True)
    assert [(node.name, list(node.input), list(node.output)) for node in one.graph.node] == [
        ("Mul_0", ["image", "Mul_0.1"], ["Mul_0:0"]),
        ("Add_1", ["Mul_0:0", "Add_1.1"], ["scores"]),
    ]
    assert [(tensor.name, onnx.numpy_helper.to_array(tensor)[0]) for tensor in one.graph.initializer] == [
        ("Mul_0.1", 2),
        ("Add_1.1", 3),
    ]
    assert [opset.domain for opset in one.opset_import] == [""]
    assert one.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"


def test_graphs_inside_of_nodes_are_refused() -> None:
    model = _model({})
    inner = onnx.helper.make_graph([], "inner", [], [])
    model.graph.node[0].attribute.append(onnx.helper.make_attribute("body", inner))
    with pytest.raises(ExportRefused, match="without branches or loops, received a node Mul"):
        put_in_order(model)
