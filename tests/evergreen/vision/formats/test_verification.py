"""evergreen.vision.formats.verification: what several runtimes come to."""

import dataclasses

from evergreen.vision.formats.verification import RuntimeResult, together

COUNT = 400


def test_the_weakest_runtime_counts() -> None:
    good = RuntimeResult("A", "passed", "fine", 1.0, 0.001, 0.9, 0.8, 0.95, 0.0, 1)
    worse = dataclasses.replace(good, runtime="B", verified="failed", reason="worse", agreement=0.5, max_difference=0.4)
    absent = RuntimeResult("C", "not verified", "not installed")
    rows = [
        {"path": path, "difference": difference, "runtime": runtime}
        for path, difference, runtime in (("x", 0.1, "A"), ("y", 0.3, "A"), ("x", 0.4, "B"))
    ]
    found = together("tfjs", [good, worse, absent], rows, 99, COUNT)
    assert (found.verified, found.reason) == ("failed", "B: worse")
    assert (found.agreement, found.max_difference, found.count, found.bytes) == (0.5, 0.4, COUNT, 99)
    assert [(row["path"], row["difference"]) for row in found.moved] == [("x", 0.4), ("y", 0.3)]
    assert together("tfjs", [good, absent], [], 99, COUNT).verified == "not verified"
    assert together("tfjs", [good], [], 99, COUNT).verified == "passed"
    nothing = together("tfjs", [absent], [], 99, COUNT)
    assert (nothing.verified, nothing.agreement, nothing.accuracy, nothing.count) == ("not verified", None, None, 0)


def test_a_runtime_that_is_absent_and_not_needed_is_told_and_weakens_nothing() -> None:
    good = RuntimeResult("A", "passed", "fine", 1.0, 0.001, 0.9, 0.8, 0.95, 0.0, 1)
    beside = RuntimeResult("B", "not verified", "not installed", needed=False)
    found = together("tflite-int8", [good, beside], [], 99, COUNT)
    assert (found.verified, found.agreement) == ("passed", 1.0)
    assert found.reason == "A: fine; not verified in B: not installed"
    assert [run["needed"] for run in found.as_json()["runtimes"]] == [True, False]
    # Neither what is needed and absent, nor what failed, is made good by it; and alone it proves nothing.
    absent = RuntimeResult("C", "not verified", "gone")
    ran = dataclasses.replace(good, runtime="B", needed=False)
    assert together("tflite-int8", [absent, ran], [], 99, COUNT).verified == "not verified"
    failed = dataclasses.replace(ran, verified="failed")
    assert together("tflite-int8", [good, failed], [], 99, COUNT).verified == "failed"
    assert together("onnx", [beside], [], 99, COUNT).verified == "not verified"
