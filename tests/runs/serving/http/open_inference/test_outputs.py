"""runs.serving.http.open_inference.outputs: answers as tensors, of any number of classes with any names."""

import json
import struct
from typing import Any

import numpy as np
import pytest

from evergreen.sections.data import Image, Screen
from runs.serving.answers import Answered, Answers, Release
from runs.serving.http.bodies import BadRequest
from runs.serving.http.open_inference.outputs import metadata, response
from runs.serving.http.open_inference.tensors import OUTPUTS, Inference, Output

NAMES = ("<script>alert(1)</script>", "a|b\nc", "Füchse 🦊")


def release(classes: tuple[str, ...] = NAMES, threshold: float | None = 0.5) -> Release:
    return Release("r", "d" * 64, "m" * 64, "tflite-int8", classes, Image(), Screen(), threshold)


def answered(answers: Answers, *outputs: Output, named: bool = True) -> tuple[dict[str, Any], bytes | None]:
    said, binary = response(Inference("x", [], outputs, named), "r", answers)
    return json.loads(said), binary


def test_names_of_any_kind_come_whole_as_json_and_as_bytes() -> None:
    scores = [(0.9, 0.1, 0.0), (0.1, 0.9, 0.0), (0.0, 0.1, 0.9)]
    answers = Answers(release(), tuple(Answered("s", row) for row in scores), 0.1)
    said, binary = answered(answers, Output("label", False))
    assert (said["outputs"][0]["data"], binary) == (list(NAMES), None)
    said, binary = answered(answers, Output("label", True), Output("unsure", True))
    assert binary == b"".join(struct.pack("<I", len(name.encode())) + name.encode() for name in NAMES) + b"\0\0\0"
    assert [one["parameters"]["binary_data_size"] for one in said["outputs"]] == [len(binary) - 3, 3]
    said, _ = answered(answers, Output("scores", False, 1))
    assert said["outputs"][0] == {
        "name": "scores",
        "datatype": "BYTES",
        "shape": [3, 1],
        "data": [f"0.900000:{index}:{name}" for index, name in enumerate(NAMES)],
    }


@pytest.mark.parametrize("count", [2, 1000])
def test_scores_of_two_and_of_a_thousand_classes(count: int) -> None:
    rows = np.random.default_rng(0).dirichlet(np.ones(count), 3).astype(np.float32)
    of_many = release(tuple(f"class {index}" for index in range(count)))
    answers = Answers(of_many, tuple(Answered("s", tuple(row.tolist())) for row in rows), 0.1)
    said, binary = answered(answers, Output("scores", True), Output("label", False))
    assert said["outputs"][0]["shape"] == [3, count]
    assert (np.frombuffer(binary or b"", "<f4").reshape(3, count) == rows).all()
    assert said["outputs"][1]["data"] == [f"class {index}" for index in rows.argmax(axis=1)]
    said, _ = answered(answers, Output("scores", False))
    assert (np.array(said["outputs"][0]["data"], np.float32).reshape(3, count) == rows).all()
    assert metadata(of_many)["outputs"][1]["shape"] == [-1, count]


@pytest.mark.parametrize(
    ("threshold", "unsure", "told"),
    [(0.5, [False, True], 0.5), (None, [False, False], None), (float("inf"), [True, True], None)],
)
def test_unsure_is_below_the_threshold_and_what_is_null_elsewhere_is_left_out(
    threshold: float | None, unsure: list[bool], told: float | None
) -> None:
    answers = Answers(release(threshold=threshold), (Answered("s", (0.6, 0.2, 0.2)), Answered("s", (0.4, 0.3, 0.3))), 1)
    said, _ = answered(answers, Output("unsure", False))
    assert said["outputs"][0]["data"] == unsure
    assert said["parameters"].get("unsure_below") == told
    assert None not in said["parameters"].values()
    assert (said["id"], said["parameters"]["canary"]) == ("x", False)
    assert said["parameters"]["format"] == "tflite-int8"


def test_of_many_bad_images_some_are_told() -> None:
    answers = Answers(release(), tuple(Answered("s", error=f"bad {number}") for number in range(9)), 0.1)
    with pytest.raises(BadRequest, match=r"image 0: bad 0; .*image 4: bad 4; and 4 more; .*name error") as refused:
        answered(answers, Output("label", False))
    assert refused.value.status == 422
    all_of_them = tuple(Output(name, False) for name in OUTPUTS)
    with pytest.raises(BadRequest):
        answered(answers, *all_of_them, named=False)
    said, _ = answered(answers, *all_of_them)
    assert said["outputs"][3]["data"] == [f"bad {number}" for number in range(9)]
    assert said["outputs"][1]["data"] == [0.0] * 27
