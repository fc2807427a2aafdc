"""The part of the report about exports: every runtime has its row, and a format that is not released says why."""

from evergreen.reports.page import render
from evergreen.vision.formats.verification import RuntimeResult, Verification


def _verification(name: str, *runtimes: RuntimeResult, moved: int = 10) -> dict[str, object]:
    rows = tuple(
        {"path": f"cat/<{number}>.jpg", "label": "cat", "keras": "cat", "answer": "dog", "difference": 0.5}
        for number in range(moved)
    )
    first = runtimes[0]
    return Verification(
        name, first.verified, first.reason, first.agreement, first.max_difference, first.accuracy, 0.7, 0.9, 270, 4096,
        runtimes, rows,
    ).as_json()  # fmt: skip


def test_it_names_what_failed_and_the_ten_images_that_moved_most() -> None:
    failed = RuntimeResult("TFLite", "failed", "agreement 90.00% is below 95.0%", 0.9, 0.51, 0.8, 0.7, 0.9, 0, 1)
    passed = RuntimeResult("Node, wasm", "passed", "Keras' answers", 1.0, 1e-6, 0.99, 0.97, 1.0, 0, 1)
    absent = RuntimeResult("Chromium, wasm", "not verified", "Chromium is not installed")
    exports = [_verification("tflite-int8", failed), _verification("tfjs", passed, absent)]
    found = {"exports": {"proofs": exports, "sizes": {"tflite-int8": 4096, "tfjs": 8192}}}
    page = render("exports.html.j2", found=found, judged="test").decode()
    assert "tflite-int8 is not released" in page
    assert "agreement 90.00% is below 95.0%." in page
    assert "tfjs is not released" not in page
    assert page.count("cat/&lt;") == 10
    assert "the 10 images that moved most" in page
    assert "Chromium is not installed" in page
    assert 'class="not-verified">not verified' in page
    assert "(97.0 to 100.0)" in page
    assert "On 270 test images" in page
    assert "carries labels, size, range of pixels" in page
    del found["exports"]["proofs"][0]
    assert "carries labels" not in render("exports.html.j2", found=found, judged="test").decode()
