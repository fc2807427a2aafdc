"""One order and one set of names for the nodes of an ONNX graph: tf2onnx numbers both by chance."""

from collections.abc import Iterator
from typing import Any

from evergreen.errors import ExportRefused

_BATCH = "batch"


def put_in_order(model: Any) -> None:
    """Order and name the nodes and the constants of a model by how its outputs are computed from its inputs.

    Two conversions of one network, in which the converter merged equal constants and nodes under either of their names,
    then give the same bytes.

    Args:
        model: an ``onnx.ModelProto``, which is changed; its inputs and outputs keep their names.

    Raises:
        ExportRefused: it has graphs inside of nodes, whose names are not followed here.
    """
    graph = model.graph
    nodes = list(_ordered(graph))
    ends = {value.name for value in (*graph.input, *graph.output)}
    constants = {tensor.name: tensor for tensor in graph.initializer}
    names = {name: name for name in ends} | {"": ""}
    used: list[Any] = []
    for number, node in enumerate(nodes):
        node.name, node.doc_string = f"{node.op_type}_{number}", ""
        for place, name in enumerate(node.input):
            if name not in names:  # a constant, where it is first used: the rest came before
                names[name] = f"{node.name}.{place}"
                used.append(constants[name])
                used[-1].name, used[-1].doc_string = names[name], ""
            node.input[place] = names[name]
        for place, name in enumerate(node.output):
            names.setdefault(name, f"{node.name}:{place}")
            node.output[place] = names[name]
        attributes = sorted(node.attribute, key=lambda attribute: str(attribute.name))
        for attribute in attributes:
            attribute.t.ClearField("name") if attribute.HasField("t") else None
        _replace(node.attribute, attributes)
    _replace(graph.node, nodes)
    _replace(graph.initializer, used)
    del graph.value_info[:]
    graph.name, graph.doc_string, model.doc_string = "classifier", "", ""
    domains = {node.domain for node in nodes}
    _replace(model.opset_import, [opset for opset in model.opset_import if opset.domain in domains])
    for value in (*graph.input, *graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = _BATCH


def _ordered(graph: Any) -> Iterator[Any]:
    """Yield the nodes that the outputs need, each after those that it takes from, the first input's first."""
    made_by = {name: index for index, node in enumerate(graph.node) for name in node.output if name}
    done: set[int] = set()
    for end in graph.output:
        waiting = [(made_by[end.name], False)]
        while waiting:
            index, ready = waiting.pop()
            if index in done:
                continue
            node = graph.node[index]
            if ready:
                done.add(index)
                yield node
                continue
            if any(attribute.HasField("g") or attribute.graphs for attribute in node.attribute):
                raise ExportRefused(
                    f"onnx: expected a network without branches or loops, received a node {node.op_type} with a graph "
                    "of its own; leave onnx out of export.formats"
                )
            waiting.append((index, True))
            waiting += [(made_by[name], False) for name in reversed(node.input) if name in made_by]


def _replace(field: Any, values: list[Any]) -> None:
    """Put values, which may be the field's own, into a repeated field."""
    kept = [type(value).FromString(value.SerializeToString()) for value in values]
    del field[:]
    field.extend(kept)
