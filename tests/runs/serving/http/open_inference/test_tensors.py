"""runs.serving.http.open_inference.tensors: any bytes are images, or are refused in words."""

import base64
import json
import struct
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runs.serving.http.bodies import BadRequest
from runs.serving.http.open_inference.tensors import Output, read


def request(data: list[bytes], shape: list[int] | None = None, **more: Any) -> tuple[bytes, str]:
    """Return a request with binary data, and its header."""
    behind = b"".join(struct.pack("<I", len(one)) + one for one in data)
    tensor = {"name": "image", "shape": shape or [len(data)], "datatype": "BYTES"}
    head = json.dumps({"inputs": [tensor | {"parameters": {"binary_data_size": len(behind)}}], **more}).encode()
    return head + behind, str(len(head))


def test_images_come_out_as_they_went_in() -> None:
    data = [b"", b"\0\xff", b'{"inputs"', bytes(range(256)) * 100]
    found = read(*request(data, [4, 1], id="a"), 4)
    assert (found.images, found.id, found.named, found.takes_errors) == (data, "a", False, False)
    assert [output.name for output in found.outputs] == ["label", "scores", "unsure", "error"]
    text = [base64.b64encode(one).decode() for one in data]
    for nested in (text, [[one] for one in text]):
        tensor = {"name": "image", "shape": [4], "datatype": "BYTES", "data": nested}
        assert read(json.dumps({"inputs": [tensor]}).encode(), None, 4).images == data


def test_null_is_as_if_it_were_not_there() -> None:
    tensor = {"name": "image", "shape": [1], "datatype": "BYTES", "data": ["YQ=="], "parameters": None}
    found = read(json.dumps({"inputs": [tensor], "id": None, "outputs": None, "parameters": None}).encode(), None, 1)
    assert (found.images, found.id, found.named) == ([b"a"], None, False)


def test_pixels_are_a_file_of_the_same_pixels() -> None:
    raw = bytes(range(36))
    tensor = {"name": "pixels", "shape": [2, 3, 2, 3], "datatype": "UINT8"}
    head = json.dumps({"inputs": [tensor | {"parameters": {"binary_data_size": 36}}]}).encode()
    expected = [b"P6\n2 3\n255\n" + raw[:18], b"P6\n2 3\n255\n" + raw[18:]]
    assert read(head + raw, str(len(head)), 2).images == expected
    assert read(json.dumps({"inputs": [tensor | {"data": list(raw)}]}).encode(), None, 2).images == expected


def test_what_is_said_of_an_output_counts_more_than_what_is_said_of_all() -> None:
    wanted = [
        {"name": "error"},
        {"name": "label", "parameters": {"binary_data": False}},
        {"name": "scores", "parameters": {"classification": 3}},
    ]
    found = read(*request([b"a"], outputs=wanted, parameters={"binary_data_output": True, "priority": 1}), 1)
    assert found.outputs == (Output("error", True), Output("label", False), Output("scores", True, 3))
    assert found.takes_errors
    assert not read(*request([b"a"], outputs=[{"name": "label"}]), 1).takes_errors


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_whatever_is_changed_in_a_request_it_is_read_or_refused_in_words(data: st.DataObject) -> None:
    body, header = request([b"one", b"two"], outputs=[{"name": "scores", "parameters": {"classification": 2}}])
    at = data.draw(st.integers(0, len(body)))
    changed = body[:at] + data.draw(st.binary(max_size=6)) + body[at + data.draw(st.integers(0, 6)) :]
    said = data.draw(st.sampled_from([header, None, "0", str(len(changed))]))
    try:
        found = read(changed, said, 4)
    except BadRequest as error:
        assert str(error)
        assert error.status == 400
    else:
        assert 1 <= len(found.images) <= 4
        assert all(isinstance(one, bytes) for one in found.images)


_FIELDS = ("name", "shape", "datatype", "data", "parameters")
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(["image", "pixels"]), st.sampled_from(["name", "shape", "datatype", "data", "parameters"]), _JSON
)
def test_whatever_json_stands_in_a_tensor_it_is_read_or_refused_in_words(name: str, field: str, value: Any) -> None:
    whole = {
        "image": {"name": "image", "shape": [1], "datatype": "BYTES", "data": ["AAAA"]},
        "pixels": {"name": "pixels", "shape": [1, 1, 2, 3], "datatype": "UINT8", "data": [0] * 6},
    }[name]
    with suppress(BadRequest):
        read(json.dumps({"inputs": [whole | {field: value}]}).encode(), None, 4)


def test_json_of_a_million_values_is_refused_before_it_becomes_objects() -> None:
    with pytest.raises(BadRequest, match="values at most in JSON"):
        read(b'{"inputs": [' + b"{}," * 700_000 + b"{}]}", None, 4)
