"""evergreen.images.threads: each piece of work is done once, by as many threads as is said."""

import pytest

from evergreen.images.processors import image_threads, processors
from evergreen.images.threads import Threads


def test_the_number_of_threads_is_stated_and_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVERGREEN_THREADS", "3")
    assert Threads().number == 3
    for text in ("0", "-1", "many", "1025", "100000"):
        monkeypatch.setenv("EVERGREEN_THREADS", text)
        with pytest.raises(ValueError, match="EVERGREEN_THREADS: expected a whole number of 1 to 1024"):
            image_threads()
    monkeypatch.delenv("EVERGREEN_THREADS")
    assert image_threads() == processors()


@pytest.mark.parametrize("number", [1, 2, 5])
def test_work_is_done_once_each_and_its_errors_come_out(number: int) -> None:
    done: list[int] = []
    with Threads(number) as pool:
        pool.each(done.append, 23)
        assert sorted(done) == list(range(23))
        with pytest.raises(ZeroDivisionError):
            pool.each(lambda index: 1 // (index - 17), 23)  # type: ignore[arg-type, return-value]
