"""From a request of the Open Inference Protocol to images: its JSON, and the binary tensor data behind it.

Sources: https://github.com/kserve/open-inference-protocol (specification/protocol/inference_rest.md), and of Triton's
extensions https://github.com/triton-inference-server/server (docs/protocol: binary_data, classification).

JSON carries text, no bytes, and the protocol says nothing of how bytes become text: an image in JSON is base64 here.
"""

import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from runs.serving.http.bodies import BadRequest, decoded, parsed

IMAGE, PIXELS = "image", "pixels"
LABEL, SCORES, UNSURE, ERROR = "label", "scores", "unsure", "error"
OUTPUTS = {LABEL: "BYTES", SCORES: "FP32", UNSURE: "BOOL", ERROR: "BYTES"}
HEADER = "Inference-Header-Content-Length"

# JSON's values become objects of 50 bytes and more: so many of them, whatever the size of a body.
_MOST_VALUES = 1_000_000
_LONGEST_HEADER = 2**20
_LONGEST_ID = 1024
_LONGEST_SIDE = 2**16
_LENGTH = struct.Struct("<I")

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Output:
    """An output that is wanted.

    Attributes:
        name: one of ``OUTPUTS``.
        binary: whether it is sent behind the JSON.
        classes: so many of the likeliest are sent, as text, in place of all scores; 0 sends the scores.
    """

    name: str
    binary: bool
    classes: int = 0


@dataclass(frozen=True)
class Inference:
    """What a request asks.

    Attributes:
        id: as the client calls the request; None if it does not.
        images: the bytes of files.
        outputs: in the order in which they are sent.
        named: whether the client named them.
    """

    id: str | None
    images: list[bytes]
    outputs: tuple[Output, ...]
    named: bool

    @property
    def takes_errors(self) -> bool:
        """Whether the client asked to be told, image by image, which cannot be used."""
        return self.named and any(output.name == ERROR for output in self.outputs)


def read(body: bytes, header: str | None, most_images: int) -> Inference:
    """Return what a request asks.

    Args:
        body: JSON, and binary data behind it.
        header: ``Inference-Header-Content-Length``, the length of the JSON; None if all of the body is JSON.
        most_images: of a request.

    Raises:
        BadRequest: it is none, in words.
    """
    size = _json_size(header, len(body))
    said = _parsed(body[:size])
    inputs = said.get("inputs")
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise BadRequest(f"inputs: expected one tensor, {IMAGE} or {PIXELS}")
    name = inputs[0].get("name")
    if name not in (IMAGE, PIXELS):
        raise BadRequest(f"inputs: expected one tensor, {IMAGE} or {PIXELS}, received {_shown(name)}")
    binary = None if header is None else memoryview(body)[size:]
    outputs, named = _outputs(said)
    read_one = _images if name == IMAGE else _pixels
    return Inference(_id(said), read_one(inputs[0], binary, most_images), outputs, named)


def _json_size(header: str | None, size: int) -> int:
    if header is None:
        return size
    most = min(size, _LONGEST_HEADER)
    if not (header.isascii() and header.isdigit() and len(header) < 12 and int(header) <= most):
        raise BadRequest(f"{HEADER}: expected the length of the JSON, {most:,} at most, received {_shown(header)}")
    return int(header)


def _parsed(data: bytes) -> dict[str, Any]:
    if sum(data.count(mark) for mark in (b",", b"[", b"{")) > _MOST_VALUES:
        raise BadRequest(f"expected {_MOST_VALUES:,} values at most in JSON, received more: send binary tensor data")
    return parsed(data)


def _id(said: Json) -> str | None:
    found = said.get("id")
    if found is not None and not (isinstance(found, str) and len(found) <= _LONGEST_ID):
        raise BadRequest(f"id: expected text of {_LONGEST_ID:,} characters at most")
    return found


def _parameters(said: Json, where: str) -> Json:
    found = {} if said.get("parameters") is None else said["parameters"]
    if not isinstance(found, dict):
        raise BadRequest(f"{where}: parameters: expected an object")
    if "shared_memory_region" in found:
        raise BadRequest(f"{where}: there is no shared memory with this service: send the data")
    return found


def _flag(found: Json, name: str, otherwise: bool) -> bool:
    value = found.get(name, otherwise)
    if not isinstance(value, bool):
        raise BadRequest(f"{name}: expected true or false, received {_shown(value)}")
    return value


def _outputs(said: Json) -> tuple[tuple[Output, ...], bool]:
    """Return the outputs that are wanted, and whether they were named: all of them where none is."""
    binary = _flag(_parameters(said, "the request"), "binary_data_output", False)
    wanted = said.get("outputs")
    if wanted is None or wanted == []:
        return tuple(Output(name, binary) for name in OUTPUTS), False
    if not isinstance(wanted, list) or not all(isinstance(one, dict) for one in wanted):
        raise BadRequest('outputs: expected [{"name": "label"}, ...]')
    names = [one.get("name") for one in wanted]
    if not all(isinstance(name, str) and name in OUTPUTS for name in names) or len(set(names)) < len(names):
        raise BadRequest(f"outputs: expected some of {', '.join(OUTPUTS)}, each once, received {_shown(names)}")
    return tuple(_output(one, binary) for one in wanted), True


def _output(one: Json, binary: bool) -> Output:
    name = one["name"]
    parameters = _parameters(one, name)
    classes = parameters.get("classification", 0)
    if type(classes) is not int or not 0 <= classes < 2**31:
        raise BadRequest(f"{name}: classification: expected how many classes, received {_shown(classes)}")
    if classes and name != SCORES:
        raise BadRequest(f"{name}: classification: expected at {SCORES} alone")
    return Output(name, _flag(parameters, "binary_data", binary), classes)


def _shape(tensor: Json, datatype: str, words: str) -> tuple[int, ...]:
    """Return the shape of an input of this datatype, in whole numbers from 1 on."""
    said, shape = tensor.get("datatype"), tensor.get("shape")
    if said != datatype:
        raise BadRequest(f"{tensor['name']}: expected the datatype {datatype}, received {_shown(said)}")
    if not isinstance(shape, list) or not all(type(size) is int and 1 <= size < 2**31 for size in shape):
        raise BadRequest(f"{tensor['name']}: expected the shape {words}, received {_shown(shape)}")
    return tuple(shape)


def _count(count: int, most: int) -> int:
    if count > most:
        raise BadRequest(f"expected 1 to {most} images, received {count:,}")
    return count


def _data(tensor: Json, binary: memoryview | None) -> memoryview | list[Any]:
    """Return the binary data of the one input, or the list that JSON has of it."""
    name, size = tensor["name"], _parameters(tensor, tensor["name"]).get("binary_data_size")
    if size is None:
        if binary:
            raise BadRequest(f"{name}: expected binary_data_size with the {len(binary):,} bytes behind the JSON")
        data = tensor.get("data")
        if not isinstance(data, list):
            raise BadRequest(f"{name}: expected data as a list, or binary_data_size and {HEADER}")
        return data
    if binary is None:
        raise BadRequest(f"{name}: expected {HEADER} with binary_data_size")
    if "data" in tensor:
        raise BadRequest(f"{name}: expected data or binary_data_size, received both")
    if type(size) is not int or size != len(binary):
        raise BadRequest(f"{name}: binary_data_size: expected {len(binary):,}, so many follow; received {_shown(size)}")
    return binary


def _images(tensor: Json, binary: memoryview | None, most: int) -> list[bytes]:
    """Return the files of ``image``, BYTES of shape [N] or [N, 1]."""
    shape = _shape(tensor, "BYTES", "[N] or [N, 1]")
    if not (len(shape) == 1 or (len(shape) == 2 and shape[1] == 1)):
        raise BadRequest(f"{IMAGE}: expected the shape [N] or [N, 1], received {_shown(list(shape))}")
    count, data = _count(shape[0], most), _data(tensor, binary)
    if isinstance(data, memoryview):
        images = list(_elements(data, count))
    else:
        flat = [one[0] if isinstance(one, list) and len(one) == 1 else one for one in data]
        images = [_from_text(one) for one in flat[: most + 1]]
        if len(flat) != count:
            raise BadRequest(f"{IMAGE}: expected {count} elements, as the shape says, received {len(flat):,}")
    return images


def _from_text(text: Any) -> bytes:
    try:
        return decoded(text)
    except BadRequest:
        raise BadRequest(
            f"{IMAGE}: expected base64 in JSON, which carries no bytes; or send it as binary tensor data"
        ) from None


def _elements(data: memoryview, count: int) -> Iterator[bytes]:
    """Yield the elements of a tensor of BYTES, each of which has its length before it."""
    at = 0
    for number in range(count):
        if at + _LENGTH.size > len(data):
            raise BadRequest(f"{IMAGE}: expected {count} elements, as the shape says, received {number}")
        (size,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        if at + size > len(data):
            raise BadRequest(f"{IMAGE}: element {number} says that it has {size:,} bytes, {len(data) - at:,} follow")
        yield bytes(data[at : at + size])
        at += size
    if at != len(data):
        raise BadRequest(f"{IMAGE}: expected {count} elements, as the shape says; {len(data) - at:,} bytes follow them")


def _pixels(tensor: Json, binary: memoryview | None, most: int) -> list[bytes]:
    """Return the pictures of ``pixels``, UINT8 of shape [N, H, W, 3], as PPM files: the same pixels, and the same door.

    So whatever is said of files, their limits and their SHA-256 too, is said of these.
    """
    words = "[N, H, W, 3]"
    shape = _shape(tensor, "UINT8", words)
    if len(shape) != 4 or shape[3] != 3 or max(shape[1:3]) > _LONGEST_SIDE:
        raise BadRequest(f"{PIXELS}: expected the shape {words}, received {_shown(list(shape))}")
    count, data = _count(shape[0], most), _data(tensor, binary)
    each = math.prod(shape[1:])
    raw = data if isinstance(data, memoryview) else memoryview(_bytes_of(data, shape))
    if len(raw) != count * each:
        raise BadRequest(f"{PIXELS}: expected {count * each:,} bytes, as the shape says, received {len(raw):,}")
    head = f"P6\n{shape[2]} {shape[1]}\n255\n".encode()
    return [head + raw[at : at + each] for at in range(0, len(raw), each)]


def _bytes_of(data: list[Any], shape: tuple[int, ...]) -> bytes:
    """Return the pixels of a flat or a nested list of JSON."""
    try:
        values = np.array(data)
    except (ValueError, OverflowError):
        raise BadRequest(f"{PIXELS}: expected a flat list, or one nested as the shape says") from None
    if values.dtype.kind not in "iu" or values.min() < 0 or values.max() > 255:
        raise BadRequest(f"{PIXELS}: expected whole numbers from 0 to 255")
    if values.ndim != 1 and values.shape != shape:
        raise BadRequest(f"{PIXELS}: expected data nested as {_shown(list(shape))}, received {_shown(values.shape)}")
    return values.astype(np.uint8).tobytes()


def _shown(value: object) -> str:
    return repr(value)[:80]
