"""The verdict in words: does the model learn too little, enough, or by heart?

Training images are judged as they are, without augmentation and dropout, by the model that was kept. The rules are
asked in this order:

1. underfit: on training images it covers less than 75 % of the way from always answering the largest class (accuracy
   m) to no mistake: (accuracy - m) / (1 - m) < 0.75.
2. overfit: accuracy on training images is over 5 points above that on the judged split, and the 95 % interval of the
   gap (Newcombe 1998) lies above 0.
3. good fit: neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from evergreen.judging.metrics import gap_interval

_LEARNED = 0.75
_GAP = 0.05

RULES = (
    f"underfit: on the training images, the model covers less than {_LEARNED:.0%} of the way from always answering the "
    "largest class to no mistake",
    f"overfit: training accuracy is over {_GAP * 100:.0f} points above the judged split's, and the 95 % interval of "
    "the gap (Newcombe) lies above 0",
    "good fit: neither; the rules are asked in this order",
)


@dataclass(frozen=True)
class Verdict:
    """How the model fits.

    Attributes:
        verdict: the word.
        reasons: sentences with the numbers behind it.
        rules: what was asked, in words.
    """

    verdict: Literal["underfit", "good fit", "overfit"]
    reasons: tuple[str, ...]
    rules: tuple[str, ...] = RULES

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"verdict": self.verdict, "reasons": list(self.reasons), "rules": list(self.rules)}


def judge(metrics: dict[str, dict[str, float]], judged: str, largest_class: float) -> Verdict:
    """Apply the rules of this module.

    Args:
        metrics: split -> what ``measure`` returns; ``train`` is among them.
        judged: the split that the model is judged on.
        largest_class: share of training images that are of the largest class, 0-1.
    """
    train, held_out = metrics["train"], metrics[judged]
    learned = (train["accuracy"] - largest_class) / (1 - largest_class) if largest_class < 1 else 1.0
    gap = train["accuracy"] - held_out["accuracy"]
    low, high = gap_interval(train, held_out)
    reasons = (
        f"Training accuracy is {train['accuracy']:.2%}: {max(0.0, learned):.0%} of the way from always answering the "
        f"largest class ({largest_class:.1%}) to no mistake; underfit is below {_LEARNED:.0%}.",
        f"It is {100 * gap:+.1f} points against {judged} (95 % interval {100 * low:+.1f} to {100 * high:+.1f}); "
        f"overfit is over {100 * _GAP:+.0f} with an interval above 0.",
    )
    if learned < _LEARNED:
        return Verdict("underfit", reasons)
    if gap > _GAP and low > 0:
        return Verdict("overfit", reasons)
    if gap > _GAP:
        count = f"{held_out['count']:.0f}"
        return Verdict("good fit", (*reasons, f"A gap that large may be chance: {judged} has only {count} images."))
    return Verdict("good fit", reasons)
