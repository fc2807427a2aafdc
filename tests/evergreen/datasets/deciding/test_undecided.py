"""evergreen.datasets.deciding.undecided: what is decided is not asked again."""

from evergreen.datasets.deciding.undecided import decided_in_words, undecided
from evergreen.decisions.decision import Decision

GLASS, PAPER, SECOND, FREE = (f"{index:064x}" for index in range(4))


def test_what_is_decided_is_not_asked_again_unless_its_label_is_another_now() -> None:
    labels = [(PAPER, "paper"), (PAPER, "paper"), (GLASS, "glass"), (SECOND, "paper"), (FREE, "")]
    suspects = [{"sha256": digest, "label": label} for digest, label in labels]
    made = {PAPER: Decision("relabel", "glass"), GLASS: Decision("keep", was="metal"), FREE: Decision("keep", was="")}
    assert undecided(suspects, made) == [suspects[2], suspects[3]]
    made[GLASS] = Decision("keep")
    assert undecided(suspects, made) == [suspects[3]]
    both = [{"sha256": GLASS, "label": label} for label in ("glass", "paper")]
    assert undecided(both, made) == both  # two labels cannot both be kept
    assert undecided(both, {GLASS: Decision("leave out")}) == undecided([], made) == []
    assert decided_in_words(5, 2) == "3 of 5 rows: not shown, nor asked about again"
    assert decided_in_words(5, 5) == ""
