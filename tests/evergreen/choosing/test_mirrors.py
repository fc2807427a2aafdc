"""evergreen.choosing.mirrors: classes that a mirror turns into others, by their names."""

import pytest

from evergreen.choosing.mirrors import mirrored


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        (["turn_left", "TurnRight", "stop"], ["turn_left", "TurnRight"]),
        (["belok kiri", "belok kanan", "lurus"], ["belok kiri", "belok kanan"]),
        (["0", "1", "2"], ["0", "1", "2"]),
        (["zero", "one", "two"], ["zero", "one", "two"]),
        (["digit_7", "digit-8"], ["digit_7", "digit-8"]),
        (["A", "b", "Letter_C"], ["A", "b", "Letter_C"]),
        (["arrow", "circle", "square"], ["arrow"]),
        (["Bishop", "King", "Queen"], []),
        (["cat 1", "cat 2", "T 34"], []),
        (["five", "beagle", "collie"], []),  # one number among names is a name
        (["bright", "leftover", "westie"], []),  # words inside words say nothing
        ([], []),
    ],
)
def test_sides_each_count_and_signs_if_half_are(classes: list[str], expected: list[str]) -> None:
    assert mirrored(classes) == expected
