"""The part of the report about exports: every runtime has its row, and a format that is not released says why."""

from evergreen.reports.page import render
from evergreen.vision.formats.quantizing.attempts import Attempt, Repair
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
    found = {"exports": {"proofs": exports, "sizes": {"tflite-int8": 4096, "tfjs": 8192}, "int8": None}}
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


def _int8(*agreements: float | None) -> dict[str, object]:
    tried = tuple(
        Attempt(
            f"way <{number}>", 200, (), 4096, agreement, agreement, 0.01, passed=agreement == 1, reason="no such kernel"
        )
        for number, agreement in enumerate(agreements)
    )
    return Repair("validation", 378, 0.99, 0.005, tried, taken=len(tried) - 1).as_json()


def test_what_was_tried_for_int8_is_a_table_and_one_of_it_is_exported() -> None:
    passed = RuntimeResult("LiteRT", "passed", "Keras' answers", 1.0, 1e-6, 0.99, 0.97, 1.0, 0, 1)
    proofs = [_verification("tflite-int8", passed)]

    def page_of(int8: dict[str, object] | None) -> str:
        found = {"exports": {"proofs": proofs, "sizes": {"tflite-int8": 4096}, "int8": int8}}
        return render("exports.html.j2", found=found, judged="test").decode()

    page = page_of(_int8(0.95, None, 1.0))
    assert page.count("way &lt;") == 4  # three rows, and the sentence about the last
    assert page.count("<td>exported</td>") == 1
    assert page.index("way &lt;2") < page.rindex("<td>exported</td>")
    assert "no such kernel" in page
    assert "On 378 validation images" in page
    one = page_of(_int8(1.0))
    assert "int8 as the recipe asks for it: agreement 100.00% of 378 validation images." in one
    assert "tried in this order" not in one
    assert "validation images" not in page_of(None)
