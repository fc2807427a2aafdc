"""runs.serving.choice: what answers is what was proved, unless somebody says otherwise, and that is said."""

import pytest

from evergreen.errors import BadInput
from runs.serving.choice import choose

ALL = ("savedmodel", "tflite-float32", "tflite-int8", "tflite-float16")
PASSED = dict.fromkeys(ALL, "passed")


@pytest.mark.parametrize(
    ("exported", "verified", "said", "wanted", "expected"),
    [
        (ALL, PASSED, None, None, ("tflite-int8", "tflite-int8")),
        (
            ALL,
            PASSED | {"tflite-int8": "failed"},
            None,
            None,
            ("tflite-float32", "tflite-float32, since tflite-int8 did not pass its verification"),
        ),
        (ALL[::3], PASSED, None, None, ("tflite-float16", "tflite-float16")),
        (ALL, PASSED, "tflite-float32", None, ("tflite-float32", "tflite-float32, as the recipe says")),
        (ALL, PASSED, "tflite-float32", "tflite-int8", ("tflite-int8", "tflite-int8, as was asked")),
        (
            ALL,
            PASSED | {"tflite-int8": "failed"},
            None,
            "tflite-int8",
            ("tflite-int8", "tflite-int8, as was asked; CAUTION: it is failed"),
        ),
        (ALL, {}, "tflite-int8", None, ("tflite-int8", "tflite-int8, as the recipe says; CAUTION: it is not verified")),
    ],
)
def test_the_format_and_why(
    exported: tuple[str, ...],
    verified: dict[str, str],
    said: str | None,
    wanted: str | None,
    expected: tuple[str, str],
) -> None:
    assert choose("r", exported, verified, said, wanted) == expected


@pytest.mark.parametrize(
    ("exported", "verified", "wanted", "words"),
    [
        (ALL, {}, None, "none of tflite-float16, tflite-float32, tflite-int8 passed its verification"),
        (("tfjs",), {"tfjs": "passed"}, None, "expected tflite-int8 among its exports, which are tfjs"),
        (ALL, PASSED, "tflite-dynamic", r"export.formats=\[savedmodel, .*, tflite-dynamic\]"),
        (ALL, PASSED, "savedmodel", "which LiteRT runs; received savedmodel"),
    ],
)
def test_what_cannot_answer_is_refused_with_what_to_do(
    exported: tuple[str, ...], verified: dict[str, str], wanted: str | None, words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        choose("r", exported, verified, None, wanted)
