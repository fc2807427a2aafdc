"""runs.serving.http.open_inference.routes: what Triton's own client and plain HTTP are answered."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import requests
from answering_http import answering
from polling import until
from served import CLASSES, COLOURS, RECIPE, Served, picture

from runs.serving.http.open_inference.routes import routes
from runs.serving.service import Service

http = pytest.importorskip("tritonclient.http", reason="make setup EXTRAS=serve-tests")
from tritonclient.utils import InferenceServerException  # noqa: E402


@pytest.fixture(scope="module")
def hosted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Service, str]]:
    served = Served(tmp_path_factory.mktemp("oip") / "store")
    release = served.release("one")
    served.promote(release)
    with answering(served.store.root, RECIPE, "nobody", routes=routes, most_images=4) as (address, service):
        yield address, service, release


@pytest.fixture
def client(hosted: tuple[str, Service, str]) -> Iterator[Any]:
    with http.InferenceServerClient(hosted[0]) as made:
        yield made


def images(*data: bytes, shape: tuple[int, ...] | None = None, binary: bool = True) -> Any:
    array = np.array(data, dtype=np.object_).reshape(shape or (len(data),))
    tensor = http.InferInput("image", list(array.shape), "BYTES")
    return [tensor.set_data_from_numpy(array, binary_data=binary)]


def test_the_client_learns_what_there_is(client: Any, hosted: tuple[str, Service, str]) -> None:
    release = hosted[2]
    assert client.is_server_live()
    assert not client.is_server_ready(), "a recipe has no champion yet"
    assert client.is_model_ready(RECIPE)
    assert client.is_model_ready(RECIPE, release)
    assert client.is_model_ready(RECIPE, release[:12])
    assert not client.is_model_ready("nobody")
    assert not client.is_model_ready("others")
    assert {"binary_tensor_data", "classification"} <= set(client.get_server_metadata()["extensions"])
    found = client.get_model_metadata(RECIPE)
    assert (found["name"], found["versions"], found["labels"]) == (RECIPE, [release], list(CLASSES))
    assert [(one["name"], one["datatype"]) for one in found["inputs"]] == [("image", "BYTES"), ("pixels", "UINT8")]
    assert {"name": "scores", "datatype": "FP32", "shape": [-1, 3]} in found["outputs"]
    assert found["parameters"]["release"] == release
    assert client.get_model_metadata(RECIPE, release[:12]) == found


def test_binary_tensors_both_ways_give_the_scores_to_the_last_bit(
    client: Any, hosted: tuple[str, Service, str]
) -> None:
    address, _, release = hosted
    data = [picture("red"), picture("blue", kind="JPEG")]
    result = client.infer(RECIPE, images(*data), request_id="7 é")
    said = result.get_response()
    assert (said["id"], said["model_name"], said["model_version"]) == ("7 é", RECIPE, release)
    assert said["parameters"] | {"release": release, "canary": False, "unsure_below": 0.6} == said["parameters"]
    assert list(result.as_numpy("label")) == [b"red", b"blue"]
    assert list(result.as_numpy("unsure")) == [False, False]
    assert list(result.as_numpy("error")) == [b"", b""]
    scores = result.as_numpy("scores")
    assert (scores.dtype, scores.shape) == (np.float32, (2, 3))
    for row, one in zip(scores, data, strict=True):
        answer = requests.post(f"http://{address}/v1/recipes/{RECIPE}/predict", data=one, timeout=30).json()
        told = answer["predictions"][0]["probabilities"]
        assert {name: round(float(value), 6) for name, value in zip(CLASSES, row, strict=True)} == told


def test_json_both_ways_says_the_same(client: Any) -> None:
    data = [picture("green"), picture("red")]
    text = [base64.b64encode(one) for one in data]
    wanted = [http.InferRequestedOutput(name, binary_data=False) for name in ("scores", "label", "unsure")]
    binary = client.infer(RECIPE, images(*data))
    for shape in ((2,), (2, 1)):
        found = client.infer(RECIPE, images(*text, shape=shape, binary=False), outputs=wanted)
        assert [one["name"] for one in found.get_response()["outputs"]] == ["scores", "label", "unsure"]
        assert list(found.as_numpy("label")) == [b"green", b"red"] or list(found.as_numpy("label")) == ["green", "red"]
        assert (found.as_numpy("scores") == binary.as_numpy("scores")).all()
        assert found.as_numpy("unsure").dtype == bool


def test_outputs_are_binary_one_by_one_and_in_the_order_in_which_they_were_named(client: Any) -> None:
    wanted = [
        http.InferRequestedOutput("label", binary_data=True),
        http.InferRequestedOutput("unsure", binary_data=False),
        http.InferRequestedOutput("scores", binary_data=True),
    ]
    found = client.infer(RECIPE, images(picture("blue")), outputs=wanted)
    assert [one["name"] for one in found.get_response()["outputs"]] == ["label", "unsure", "scores"]
    assert found.get_output("unsure")["data"] == [False]
    assert found.as_numpy("label")[0] == b"blue"
    assert found.as_numpy("scores").argmax() == CLASSES.index("blue")
    assert found.as_numpy("error") is None


@pytest.mark.parametrize("binary", [True, False])
def test_pixels_of_any_size_are_answered_as_their_file_is(client: Any, binary: bool) -> None:
    array = np.random.default_rng(1).integers(0, 256, (2, 23, 31, 3), np.uint8)
    tensor = http.InferInput("pixels", list(array.shape), "UINT8").set_data_from_numpy(array, binary_data=binary)
    import cv2

    files = [cv2.imencode(".png", one[..., ::-1])[1].tobytes() for one in array]
    found, expected = client.infer(RECIPE, [tensor]), client.infer(RECIPE, images(*files))
    assert (found.as_numpy("scores") == expected.as_numpy("scores")).all()
    one_colour = np.full((1, 1, 1, 3), COLOURS["green"], np.uint8)
    small = http.InferInput("pixels", [1, 1, 1, 3], "UINT8").set_data_from_numpy(one_colour, binary_data=binary)
    assert client.infer(RECIPE, [small]).as_numpy("label")[0] == b"green"


def test_classification_is_what_triton_makes_of_scores(client: Any) -> None:
    wanted = [http.InferRequestedOutput("scores", class_count=2)]
    found = client.infer(RECIPE, images(picture("red"), picture("blue")), outputs=wanted)
    scores = client.infer(RECIPE, images(picture("red"))).as_numpy("scores")[0]
    top = found.as_numpy("scores")
    assert top.shape == (2, 2)
    assert top[0][0].decode() == f"{scores[2]:f}:2:red"
    assert top[1][0].decode().endswith(":0:blue")
    many = client.infer(RECIPE, images(picture("red")), outputs=[http.InferRequestedOutput("scores", class_count=99)])
    assert many.as_numpy("scores").shape == (1, 3)


def test_a_bad_image_refuses_the_request_unless_it_asks_for_errors(client: Any) -> None:
    some = images(picture("red"), b"none", picture("blue"))
    with pytest.raises(InferenceServerException, match=r"image 1: not a readable image.*name error") as refused:
        client.infer(RECIPE, some)
    assert refused.value.status() == "422"
    wanted = [http.InferRequestedOutput(name) for name in ("label", "scores", "unsure", "error")]
    found = client.infer(RECIPE, some, outputs=wanted)
    assert list(found.as_numpy("label")) == [b"red", b"", b"blue"]
    assert list(found.as_numpy("unsure")) == [False, True, False]
    assert found.as_numpy("error")[1].startswith(b"not a readable image")
    assert not found.as_numpy("scores")[1].any()
    top = [http.InferRequestedOutput("scores", class_count=2), http.InferRequestedOutput("error")]
    assert list(client.infer(RECIPE, some, outputs=top).as_numpy("scores")[1]) == [b"", b""]


def test_another_version_is_not_found(client: Any, hosted: tuple[str, Service, str]) -> None:
    release = hosted[2]
    assert client.infer(RECIPE, images(picture("red")), model_version=release[:12]).as_numpy("label")[0] == b"red"
    for version in ("1", release[:11], "0" * 64, "<script>"):
        with pytest.raises(InferenceServerException, match="version: expected the release that answers") as refused:
            client.infer(RECIPE, images(picture("red")), model_version=version)
        assert refused.value.status() == "404"
    with pytest.raises(InferenceServerException, match="no such recipe is served here") as refused:
        client.infer("others", images(picture("red")))
    assert refused.value.status() == "404"


def test_who_names_the_version_is_not_answered_by_a_canary_and_is_heard(
    client: Any, hosted: tuple[str, Service, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, service, release = hosted
    asked, heard = [], []

    def choose(_recipe: str, _images: object) -> None:
        asked.append(1)

    async def listen(one: Any) -> None:
        heard.append(one)

    monkeypatch.setattr(service, "choose", choose)
    monkeypatch.setattr(service, "listeners", [listen])
    client.infer(RECIPE, images(picture("red")), model_version=release)
    assert asked == []
    until(lambda: len(heard) == 1, 30, 0.01)  # it is told after the answer
    client.infer(RECIPE, images(picture("red")))
    assert len(asked) == 1
    until(lambda: len(heard) == 2, 30, 0.01)


TEXT = base64.b64encode(picture("red")).decode()
GOOD = {"name": "image", "shape": [1], "datatype": "BYTES", "data": [TEXT]}
PIXELS = {"name": "pixels", "shape": [1, 2, 2, 3], "datatype": "UINT8", "data": [0] * 12}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "expected JSON"),
        ("[" * 100_000, "expected JSON"),
        ("[1]", "expected a JSON object"),
        ({}, "inputs: expected one tensor"),
        ({"inputs": [GOOD, GOOD]}, "inputs: expected one tensor"),
        ({"inputs": [GOOD | {"name": "x" * 1000}]}, "received 'xxx"),
        ({"inputs": [GOOD | {"name": ["image"]}]}, "inputs: expected one tensor"),
        ({"inputs": [GOOD | {"datatype": "FP32"}]}, "expected the datatype BYTES"),
        ({"inputs": [{"name": "image", "shape": [1], "data": [TEXT]}]}, "expected the datatype BYTES"),
        ({"inputs": [GOOD | {"shape": [True]}]}, "expected the shape"),
        ({"inputs": [GOOD | {"shape": [0], "data": []}]}, "expected the shape"),
        ({"inputs": [GOOD | {"shape": [-1]}]}, "expected the shape"),
        ({"inputs": [GOOD | {"shape": "1"}]}, "expected the shape"),
        ({"inputs": [GOOD | {"shape": []}]}, "expected the shape"),
        ({"inputs": [GOOD | {"shape": [1, 2]}]}, "expected the shape"),
        ({"inputs": [GOOD | {"shape": [2]}]}, "expected 2 elements"),
        ({"inputs": [GOOD | {"shape": [5], "data": [TEXT] * 5}]}, "expected 1 to 4 images"),
        ({"inputs": [GOOD | {"shape": [10**30]}]}, "expected the shape"),
        ({"inputs": [GOOD | {"data": ["ÿØÿà"]}]}, "expected base64"),
        ({"inputs": [GOOD | {"data": [1]}]}, "expected base64"),
        ({"inputs": [GOOD | {"data": [[[TEXT]]]}]}, "expected base64"),
        ({"inputs": [GOOD | {"data": TEXT}]}, "expected data as a list"),
        ({"inputs": [GOOD | {"parameters": {"binary_data_size": 3}}]}, "expected Inference-Header-Content-Length"),
        ({"inputs": [GOOD | {"parameters": {"shared_memory_region": "x"}}]}, "no shared memory"),
        ({"inputs": [GOOD | {"parameters": []}]}, "parameters: expected an object"),
        ({"inputs": [PIXELS | {"shape": [2, 2, 3]}]}, "expected the shape"),
        ({"inputs": [PIXELS | {"shape": [1, 2, 2, 4], "data": [0] * 16}]}, "expected the shape"),
        ({"inputs": [PIXELS | {"shape": [1, 2**20, 2**20, 3]}]}, "expected the shape"),
        ({"inputs": [PIXELS | {"datatype": "FP32"}]}, "expected the datatype UINT8"),
        ({"inputs": [PIXELS | {"data": [256] * 12}]}, "whole numbers from 0 to 255"),
        ({"inputs": [PIXELS | {"data": [-1] * 12}]}, "whole numbers from 0 to 255"),
        ({"inputs": [PIXELS | {"data": [0.5] * 12}]}, "whole numbers from 0 to 255"),
        ({"inputs": [PIXELS | {"data": [10**40] * 12}]}, "whole numbers from 0 to 255"),
        ({"inputs": [PIXELS | {"data": ["0"] * 12}]}, "whole numbers from 0 to 255"),
        ({"inputs": [PIXELS | {"data": [None] * 12}]}, "whole numbers from 0 to 255"),
        ({"inputs": [PIXELS | {"data": []}]}, "whole numbers from 0 to 255"),
        ({"inputs": [PIXELS | {"data": [[0], [0, 1]]}]}, "expected a flat list"),
        ({"inputs": [PIXELS | {"data": [[0] * 6] * 2}]}, "expected data nested as"),
        ({"inputs": [PIXELS | {"data": [0] * 11}]}, "expected 12 bytes"),
        ({"inputs": [GOOD], "id": 7}, "id: expected text"),
        ({"inputs": [GOOD], "id": "x" * 2000}, "id: expected text"),
        ({"inputs": [GOOD], "parameters": {"binary_data_output": 1}}, "binary_data_output: expected true or false"),
        ({"inputs": [GOOD], "outputs": "label"}, "outputs: expected"),
        ({"inputs": [GOOD], "outputs": [{"name": ["label"]}]}, "outputs: expected some of"),
        ({"inputs": [GOOD], "outputs": [{"name": "logits"}]}, "outputs: expected some of"),
        ({"inputs": [GOOD], "outputs": [{"name": "label"}] * 2}, "each once"),
        (
            {"inputs": [GOOD], "outputs": [{"name": "label", "parameters": {"classification": 1}}]},
            "expected at scores alone",
        ),
        (
            {"inputs": [GOOD], "outputs": [{"name": "scores", "parameters": {"classification": -1}}]},
            "classification: expected how many",
        ),
        (
            {"inputs": [GOOD], "outputs": [{"name": "scores", "parameters": {"binary_data": "yes"}}]},
            "binary_data: expected true or false",
        ),
    ],
)
def test_what_is_no_request_is_refused_in_words(hosted: tuple[str, Service, str], body: Any, words: str) -> None:
    data = body if isinstance(body, str) else json.dumps(body)
    answer = requests.post(f"http://{hosted[0]}/v2/models/{RECIPE}/infer", data=data.encode(), timeout=30)
    assert answer.status_code == 400, answer.text
    assert words in answer.json()["error"]


@pytest.mark.parametrize(
    ("header", "tail", "change", "words"),
    [
        ("x", b"", {}, "expected the length of the JSON"),
        ("-1", b"", {}, "expected the length of the JSON"),
        ("999999", b"", {}, "expected the length of the JSON"),
        ("0", b"", {}, "expected JSON"),
        ("²", b"", {}, "expected the length of the JSON"),
        (None, b"\1\0\0\0a", {"binary_data_size": 4}, "so many follow"),
        (None, b"\1\0\0\0a", {"binary_data_size": -5}, "so many follow"),
        (None, b"\1\0\0\0a", {"binary_data_size": True}, "so many follow"),
        (None, b"\1\0\0\0a", {}, "expected binary_data_size with the 5 bytes"),
        (None, b"\xff\xff\xff\xffa", {"binary_data_size": 5}, "says that it has 4,294,967,295 bytes, 1 follow"),
        (None, b"\1\0", {"binary_data_size": 2}, "expected 1 elements"),
        (None, b"\1\0\0\0abc", {"binary_data_size": 7}, "2 bytes follow them"),
        (None, b"", {"binary_data_size": 0}, "expected 1 elements"),
    ],
)
def test_binary_data_that_is_none_is_refused_in_words(
    hosted: tuple[str, Service, str], header: str | None, tail: bytes, change: dict[str, Any], words: str
) -> None:
    said = {"inputs": [{"name": "image", "shape": [1], "datatype": "BYTES", "parameters": change}]}
    head = json.dumps(said).encode()
    headers = {"Inference-Header-Content-Length": (header or str(len(head))).encode("latin-1")}
    address = f"http://{hosted[0]}/v2/models/{RECIPE}/infer"
    answer = requests.post(address, data=head + tail, headers=headers, timeout=30)
    assert answer.status_code == 400, answer.text
    assert words in answer.json()["error"]


def test_what_could_fill_the_memory_is_refused_before_it_is_read(hosted: tuple[str, Service, str]) -> None:
    address = f"http://{hosted[0]}/v2/models/{RECIPE}/infer"
    many = requests.post(address, data=b'{"inputs": [' + b"[]," * 1_000_000 + b"[]]}", timeout=30)
    assert (many.status_code, "values at most" in many.json()["error"]) == (400, True)
    packed = requests.post(address, data=b"", headers={"Content-Encoding": "gzip"}, timeout=30)
    assert (packed.status_code, "compressed already" in packed.json()["error"]) == (415, True)
    large = requests.post(address, data=b"x" * (21 * 2**20), timeout=30)
    assert (large.status_code, "bytes at most" in large.json()["error"]) == (413, True)


def test_other_addresses_are_answered_in_the_protocols_form(client: Any, hosted: tuple[str, Service, str]) -> None:
    with pytest.raises(InferenceServerException, match="Not Found"):
        client.get_model_config(RECIPE)
    answer = requests.get(f"http://{hosted[0]}/v2/models/{RECIPE}/infer", timeout=30)
    assert (answer.status_code, set(answer.json())) == (405, {"error"})
    assert requests.get(f"http://{hosted[0]}/v2/models/nobody", timeout=30).status_code == 503
    assert requests.get(f"http://{hosted[0]}/v2/models/nobody/ready", timeout=30).json() == {
        "name": "nobody",
        "ready": False,
    }
    spec = requests.get(f"http://{hosted[0]}/openapi.json", timeout=30).json()["paths"]
    assert "/v2/models/{name}/versions/{version}/infer" in spec
