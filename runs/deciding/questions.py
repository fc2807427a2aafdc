"""Which images a person is asked about, the most telling first, from tables of the steps; starts no pandas."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from evergreen.datasets.deciding.undecided import is_open
from evergreen.datasets.screen import CONFLICT
from evergreen.decisions.decision import Decision
from evergreen.sections.base import Range
from runs.tables import LOOKALIKES, classes_of, range_in, read_rows
from storage.artifacts import Ref
from storage.store import Store

UNLABELLED, TWO_LABELS = "unlabelled", "two_labels"
_IN_WORDS = {
    "label_error": "The label may be wrong",
    "outlier": "Like none of the classes",
    "near_duplicate": "Nearly the same as another picture",
    "ambiguous": "Between two classes",
    TWO_LABELS: "The same picture under two labels",
    UNLABELLED: "No label yet",
    "said": "Somebody says what it is",
    "unsure": "The model was unsure",
}
# Keys that do something else on the page.
_TAKEN = "klus"
NOTHING_ALIKE: Mapping[str, Sequence["Lookalike"]] = {}
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_KEYS = "1234567890" + "".join(letter for letter in "abcdefghijklmnopqrstuvwxyz" if letter not in _TAKEN)


@dataclass(frozen=True)
class Lookalike:
    """A picture beside which a person sees the one that is asked about.

    Attributes:
        sha256: of its bytes.
        path: where it lies.
        label: that it has.
        similarity: of what both are compared by, a cosine, -1 to 1.
    """

    sha256: str
    path: str
    label: str
    similarity: float


@dataclass(frozen=True)
class Question:
    """One image that somebody is asked about.

    Attributes:
        sha256: of its bytes.
        path: where it lies.
        labels: that it has now, one as a rule; none of an unlabelled one.
        kinds: why it is asked about: label_error, outlier, near_duplicate, ambiguous, two_labels, unlabelled.
        suggested: the class that it may be of; empty if none is suggested.
        confidence: how sure that is, 0-1; None if nobody says.
        reasons: why, in words.
        lookalikes: the nearest images, class by class, that of its label first; none where nothing was compared.
    """

    sha256: str
    path: str
    labels: tuple[str, ...]
    kinds: tuple[str, ...]
    suggested: str = ""
    confidence: float | None = None
    reasons: tuple[str, ...] = ()
    lookalikes: tuple[Lookalike, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values, with ``heading``, the kinds in words."""
        words = [_IN_WORDS.get(kind, kind.replace("_", " ")) for kind in self.kinds]
        return {
            "sha256": self.sha256,
            "path": self.path,
            "labels": list(self.labels),
            "heading": "; ".join(words),
            "suggested": self.suggested,
            "confidence": self.confidence,
            "reasons": list(self.reasons),
            "lookalikes": [asdict(one) for one in self.lookalikes],
        }


def questions_of(
    rows: Iterable[Mapping[str, Any]],
    made: Mapping[str, Decision],
    classes: Sequence[str],
    lookalikes: Mapping[str, Sequence[Lookalike]] = NOTHING_ALIKE,
) -> list[Question]:
    """Return one question for each image that is not decided, in the order of the rows' ranks.

    Args:
        rows: one an image and kind: rank, path, sha256, kind, label (empty: none), suggested (empty: none), confidence
            (0-1, or empty), reason. Values may be text.
        made: SHA-256 -> decision.
        classes: that an image can be of; a suggestion of another is none.
        lookalikes: SHA-256 -> what that image looks like, as ``lookalikes_of`` returns it.
    """
    found: dict[str, Question] = {}
    for row in sorted(rows, key=lambda row: int(row["rank"])):
        digest, label, suggested = str(row["sha256"]), str(row["label"]), str(row["suggested"])
        said = str(row["confidence"])
        one = Question(
            digest,
            str(row["path"]),
            (label,) if label else (),
            (str(row["kind"]),),
            suggested if suggested in classes and suggested != label else "",
            float(said) if said else None,
            (str(row["reason"]),) if row["reason"] else (),
            tuple(lookalikes.get(digest, ())),
        )
        found[digest] = _both(found[digest], one) if digest in found else one
    return [one for one in found.values() if is_open(made.get(one.sha256), *one.labels)]


def conflicts_of(quarantine: Iterable[Mapping[str, str]]) -> Iterator[dict[str, Any]]:
    """Yield, in the form of a table of suspects, images that screening took away since they stand under two labels.

    No training has seen them, so that no diagnosis names them; a decision brings them back.

    Args:
        quarantine: of screen: path, label, sha256, reason.
    """
    for row in quarantine:
        if row["reason"].startswith(CONFLICT):
            yield {
                "rank": 0,
                "path": row["path"],
                "sha256": row["sha256"],
                "kind": TWO_LABELS,
                "label": row["label"],
                "suggested": "",
                "confidence": "",
                "reason": f"{row['reason']}; it is used for nothing until you choose one",
            }


def of_a_run(
    store: Store, screened: Ref, suspects: Iterable[Mapping[str, Any]]
) -> tuple[list[Mapping[str, Any]], list[str], Range | None]:
    """Return what a person is asked about after a diagnosis: the rows, the classes, and ``screen.range``.

    Args:
        store: where bytes rest.
        screened: what screen published in the run that was diagnosed.
        suspects: what the diagnosis found, as ``questions_of`` takes it; what it says of images that screening took
            away says the same.
    """
    conflicts = list(conflicts_of(read_rows(store, screened, "quarantine.csv")))
    said = {row["sha256"] for row in conflicts}
    rows = [*conflicts, *(row for row in suspects if row["sha256"] not in said)]
    return rows, classes_of(store, screened), range_in(store.manifest(screened.sha256).facts)


def lookalikes_of(store: Store, diagnosed: Ref) -> dict[str, list[Lookalike]]:
    """Return {SHA-256 of a suspect: what it looks like}, as a diagnosis found it.

    Args:
        store: where bytes rest.
        diagnosed: what diagnose published.
    """
    found: dict[str, list[Lookalike]] = {}
    for row in read_rows(store, diagnosed, LOOKALIKES):
        one = Lookalike(row["neighbour"], row["path"], row["label"], float(row["similarity"]))
        found.setdefault(row["sha256"], []).append(one)
    return found


def keys_of(classes: Sequence[str]) -> dict[str, str]:
    """Return {class: the key that chooses it}: its name if that is a key or a number, else digits, then letters.

    Who sees a one presses 1. Classes for which no key is left are not in it.
    """
    meant = {name: str(_NUMBERS.index(low)) if (low := name.lower()) in _NUMBERS else low for name in classes}
    own = {name: key for name, key in meant.items() if len(key) == 1 and key in _KEYS}
    keys = {name: key for name, key in own.items() if list(own.values()).count(key) == 1}
    free = iter([key for key in _KEYS if key not in keys.values()])
    return {name: key for name in classes if (key := keys.get(name) or next(free, ""))}


def _both(first: Question, second: Question) -> Question:
    """Return one question for an image that has two rows: what the first suggests, and the reasons of both."""
    sure = first if first.suggested or not second.suggested else second
    return replace(
        first,
        labels=tuple(dict.fromkeys(first.labels + second.labels)),
        kinds=tuple(dict.fromkeys(first.kinds + second.kinds)),
        suggested=sure.suggested,
        confidence=sure.confidence,
        reasons=tuple(dict.fromkeys(first.reasons + second.reasons)),
    )
