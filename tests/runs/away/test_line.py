"""runs.away.line: what is told goes to whoever sent a task, or is heard here."""

import pytest

from runs.away.line import Message, on_the_line, tell


def test_it_is_heard_on_the_line_if_there_is_one_and_what_hearing_raises_is_raised() -> None:
    here, there = list[Message](), list[Message]()

    def refuse(message: Message) -> None:
        raise ValueError("enough")

    tell({"epoch": 1}, here.append)
    with on_the_line(there.append):
        tell({"epoch": 2}, here.append)
        with pytest.raises(ValueError, match="enough"), on_the_line(refuse):
            tell({"epoch": 3}, here.append)
    tell({"epoch": 4}, here.append)
    assert (here, there) == ([{"epoch": 1}, {"epoch": 4}], [{"epoch": 2}])
