"""evergreen.reports.browser.choice: which exports a page runs, by what was measured of them."""

from typing import Any

import pytest

from evergreen.reports.browser.choice import choose


def _lite(name: str, median: float | None, size: int, verified: str = "passed", row: str = "passed") -> dict[str, Any]:
    agreement = None if row == "not verified" else 1.0
    runtimes = [
        {"runtime": "LiteRT interpreter", "verified": "passed", "agreement": 1.0, "median_ms": 0.1},
        {"runtime": "LiteRT.js, wasm", "verified": row, "agreement": agreement, "median_ms": median, "reason": "why"},
    ]
    return {
        "format": name, "verified": verified, "bytes": size, "agreement": 1.0, "count": 99, "runtimes": runtimes,
    }  # fmt: skip


def _graph(verified: str = "passed", name: str = "tfjs") -> dict[str, Any]:
    runtimes = [{"runtime": "Chromium, wasm", "verified": verified, "agreement": 1.0, "median_ms": 9.0}]
    return {"format": name, "verified": verified, "bytes": 9, "agreement": 1.0, "count": 99, "runtimes": runtimes}


FLOAT, INT8 = _lite("tflite-float32", 20.0, 900), _lite("tflite-int8", 10.0, 300)


@pytest.mark.parametrize(
    ("exports", "expected"),
    [
        ([FLOAT, INT8, _graph()], ["tflite-int8", "tfjs"]),
        (
            [_lite("tflite-float32", 10.0, 900), _lite("tflite-int8", 10.9, 300)],
            ["tflite-int8"],
        ),  # as fast, and smaller
        ([_lite("tflite-float32", 10.0, 900), _lite("tflite-int8", 11.1, 300)], ["tflite-float32"]),
        ([FLOAT, _lite("tflite-int8", 1.0, 1, "failed", "failed"), _graph()], ["tflite-float32", "tfjs"]),
        ([FLOAT, _lite("tflite-int8", 1.0, 1, "failed"), _graph()], ["tflite-float32", "tfjs"]),  # elsewhere
        ([_lite("tflite-float32", None, 900), _lite("tflite-int8", None, 300)], ["tflite-int8"]),
        ([_lite("tflite-int8", None, 300, row="not verified"), _graph()], ["tfjs", "tflite-int8"]),
        ([_lite("tflite-int8", None, 300, row="not verified"), _graph("not verified")], ["tflite-int8", "tfjs"]),
        ([_graph("failed"), _graph(name="tfjs-uint8"), _graph(name="tfjs-float16")], ["tfjs-float16"]),
        ([INT8 | {"runtimes": INT8["runtimes"][:1]}], []),  # of before it was tried in LiteRT.js
        ([{"format": "keras", "verified": "passed"}], []),
    ],
    ids=range(11),
)
def test_what_a_page_runs_is_proved_fast_and_small(exports: list[dict[str, Any]], expected: list[str]) -> None:
    assert [choice.format for choice in choose(exports)] == expected
    assert [choice.format for choice in choose(exports[::-1])] == expected


def test_the_reason_has_the_numbers_and_what_is_not_verified_says_so() -> None:
    (choice,) = choose([FLOAT, INT8])
    assert choice.reason == (
        "tflite-int8 is the smallest of the fastest in LiteRT.js: "
        "tflite-float32 20 ms, 0.0 MB; tflite-int8 10 ms, 0.0 MB"
    )
    assert (choice.engine, choice.proof["median_ms"], choice.proof["count"]) == ("litert", 10.0, 99)
    (choice,) = choose([_lite("tflite-int8", None, 300, row="not verified")])
    assert (choice.reason, choice.proof["verified"]) == ("not verified in LiteRT.js: why", "not verified")
