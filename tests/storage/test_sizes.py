"""storage.sizes: no size is told as nothing."""

import pytest

from storage.sizes import in_words


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1023 bytes"),
        (1024, "1.00 KiB"),
        (10_235, "10.0 KiB"),
        (102_390, "100 KiB"),
        (292_864, "286 KiB"),
        (2**20 - 1, "1.00 MiB"),
        (2**21, "2.00 MiB"),
        (2**30 - 1, "1.00 GiB"),
        (5 * 2**39, "2.50 TiB"),
        (2**60, "1,048,576 TiB"),
    ],
)
def test_a_size_in_words(size: int, words: str) -> None:
    assert in_words(size) == words
