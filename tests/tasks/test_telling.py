"""tasks.telling: Prefect's lines say which step they are of; our own errors have no traceback; words are cut whole."""

import logging

import pytest

from evergreen.errors import BadDataset
from tasks import telling as module
from tasks.telling import listen, shortened, told_of


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("first run", "first run"),
        ("train.phases.0.epochs: 2 -> 3", "train.phases.0.epochs: 2 …"),
        ("two\n  lines", "two lines"),
        ("x" * 30, "x" * 25 + "…"),
        ("abc " + "x" * 22, "abc " + "x" * 22),
        ("balance.weights, split.x 123", "balance.weights, split.x …"),
        ("balance.weights, split.xy 12", "balance.weights …"),
    ],
)
def test_what_is_too_long_is_cut_between_words(text: str, short: str) -> None:
    assert shortened(text, 26) == short
    assert len(shortened(text, 26)) <= 26


@pytest.fixture
def logged() -> list[str]:
    lines: list[str] = []

    class Keeps(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    listen()
    listen()
    logger, handler = logging.getLogger(module._LOGGERS[0]), Keeps()
    assert len([known for known in logger.filters if isinstance(known, module.StepLogs)]) == 1
    logger.addHandler(handler)
    yield lines
    logger.removeHandler(handler)


def test_a_line_says_of_which_step_it_is_and_an_error_of_ours_shows_no_code(logged: list[str]) -> None:
    logger = logging.getLogger(module._LOGGERS[0])
    named = told_of("fold 1 of 3")
    named.__enter__()
    for error in (BadDataset("rare has 1"), KeyError("a mistake in the code")):
        try:
            raise error
        except (BadDataset, KeyError):
            logger.error(f"Task run failed with exception: {error!r}", exc_info=True)
            logger.error("Engine execution exited with unexpected exception", exc_info=True)
    logger.error("Finished in state Cached(type=COMPLETED)")
    logger.error("Failed to write result: Failed to serialize object of type 'BadDataset' with serializer 'x'. You can")
    logger.error("epoch 1/2: loss 0.5")
    named.__exit__(None, None, None)
    logger.error("Finished in state Completed()")
    ours, code, ended, cached, epoch, another = logged
    assert ours == "fold 1 of 3: Task run failed with exception: BadDataset('rare has 1')"
    assert "Traceback" in code
    assert "Traceback" in ended  # of the mistake in the code alone: the other was said
    assert cached == "fold 1 of 3: Finished in state Cached(type=COMPLETED)"
    assert (epoch, another) == ("epoch 1/2: loss 0.5", "Finished in state Completed()")
