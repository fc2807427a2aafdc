"""What a person is asked about a log: pictures of which somebody said what they are, and those that were unsure."""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evergreen.datasets.deciding.undecided import is_open
from evergreen.decisions.decision import LEAVE_OUT
from evergreen.errors import BadInput
from evergreen.paths import path_of
from evergreen.recipe import Recipe
from evergreen.sections.base import Range
from evergreen.sections.data import each
from runs.answering.model_meant import model_meant
from runs.answering.reading import screen_of
from runs.deciding.questions import questions_of
from runs.deciding.session import Session, whoever_decides
from runs.serving.feedback.confirmed import Confirmed, shown
from runs.serving.feedback.log import Log
from runs.serving.feedback.room import thrown_away
from runs.serving.feedback.truths import Truth, latest
from storage.store import Store

SAID, UNSURE = "said", "unsure"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model answered, of what a log says: there may be a million.

    Attributes:
        release, format: of the model.
        unsure: whether it was.
        top: the two likeliest classes with their probabilities, likeliest first; fewer if the line has fewer.
    """

    release: str
    format: str
    unsure: bool
    top: tuple[tuple[str, float], ...]

    @classmethod
    def of(cls, line: Mapping[str, Any]) -> "Answer":
        """Return what a line of a log says."""
        release, model_format = (sys.intern(str(line.get(name) or "")) for name in ("release", "format"))
        return cls(release, model_format, line.get("unsure") is True, tuple(_tops(line.get("top")))[:2])


@dataclass(frozen=True)
class Kept:
    """What a log holds that a person may be asked about.

    Attributes:
        log: where it is.
        confirmed: what was decided of it.
        answers: SHA-256 -> the last answer about an image.
        truths: SHA-256 -> what somebody said last.
        pictures: SHA-256 of the images whose bytes are kept.
        lines: how many answers there are.
    """

    log: Log
    confirmed: Confirmed
    answers: Mapping[str, Answer]
    truths: Mapping[str, Truth]
    pictures: frozenset[str]
    lines: int

    @classmethod
    def of(cls, log: Log, recipe: Recipe) -> "Kept":
        """Read a log.

        Raises:
            BadInput: there is none.
        """
        if not log.is_there:
            raise BadInput(
                f"expected answers of {recipe.name} in {log.root}, found none: evergreen serve {recipe.name} --log "
                "keeps some; --log here names another folder"
            )
        answers: dict[str, Answer] = {}
        lines = 0
        for line in log.lines("answers"):
            answers[line["sha256"]] = Answer.of(line)
            lines += 1
        pictures = frozenset(path.name for path in log.pictures())
        return cls(log, Confirmed(log, recipe.repair.classes), answers, latest(log), pictures, lines)

    def said(self) -> list[dict[str, Any]]:
        """Return the rows of what somebody said, those first with which the model does not agree."""
        truths = [truth for digest, truth in sorted(self.truths.items()) if digest in self.pictures]
        truths.sort(key=lambda truth: (bool(truth.answered) and truth.answered[0] == truth.label, truth.time))  # type: ignore[index]
        return [self._row(rank, truth.sha256, truth) for rank, truth in enumerate(truths, 1)]

    def unsure(self, most: int) -> list[dict[str, Any]]:
        """Return the rows of unsure answers of which nobody said anything, the least sure first."""
        decided = self.confirmed.read().made
        found = [
            (answer.top[0][1] if answer.top else 0.0, digest)
            for digest, answer in self.answers.items()
            if answer.unsure and digest in self.pictures and digest not in self.truths and digest not in decided
        ]
        return [self._row(rank, digest, None) for rank, (_, digest) in enumerate(sorted(found)[:most], 1)]

    def free(self) -> list[str]:
        """Return the digests of the pictures that are kept and of which nobody said or decided anything, sorted."""
        return sorted(self.pictures - set(self.truths) - set(self.confirmed.read().made))

    def _row(self, rank: int, digest: str, truth: Truth | None) -> dict[str, Any]:
        answer = self.answers.get(digest)
        top = answer.top if answer else (truth.answered,) if truth and truth.answered else ()
        told = " or ".join(f"{label} ({sure:.0%})" for label, sure in top)
        reasons = [f"the model answered {told}{_by(answer)}"] if told else []
        if truth:
            new = ", a class that the model did not know" if truth.new_class else ""
            who = truth.by or "somebody"
            reasons.append(f"{who} said {truth.label} on {truth.time[:10]}{new}: nobody has checked who that is")
        return {
            "rank": rank,
            "path": shown(digest),
            "sha256": digest,
            "kind": SAID if truth else UNSURE,
            "label": truth.label if truth else "",
            "suggested": top[0][0] if top else "",
            "confidence": top[0][1] if top else "",
            "reason": "; ".join(reasons),
        }


def sitting(recipe: Recipe, kept: Kept, rows: Iterable[Mapping[str, Any]], store: Store, who: str | None) -> Session:
    """Return a sitting in which a person confirms pictures of a log, or does not.

    Args:
        recipe: whose model answered.
        kept: the log.
        rows: what is asked about, as ``said`` and ``unsure`` give it.
        store: holds the model, whose classes these are.
        who: as for ``whoever_decides``.

    Raises:
        BadInput: nobody knows who decides, or no model is there.
    """
    classes = classes_of(recipe, store, kept)
    made = kept.confirmed.read().made
    asked = [row for row in rows if is_open(made.get(row["sha256"]), row["label"])]
    questions = questions_of([{**row, "rank": rank} for rank, row in enumerate(asked, 1)], made, classes)
    title = f"{recipe.title or recipe.name}, as answered"
    return Session(title, questions, classes, kept.confirmed, whoever_decides(who))


def classes_of(recipe: Recipe, store: Store, kept: Kept) -> list[str]:
    """Return the classes of the model in charge, and those that were said to be new and can be the name of a folder."""
    known = list(store.manifest(model_meant(store, recipe.name, None).model).facts["classes"])
    new = {truth.label for truth in kept.truths.values() if truth.new_class} - set(known)
    return known + sorted(label for label in new if not kept.confirmed.why_no_folder(label))


def values_of(recipe: Recipe, store: Store) -> Range | None:
    """Return which values of its images are black and white to the model in charge."""
    meant = model_meant(store, recipe.name, None)
    return screen_of(store, meant.model, meant.dataset).range


def is_a_source(recipe: Recipe, kept: Kept) -> bool:
    """Whether the recipe names what is confirmed as one of its sources."""
    paths = [path_of(source.local.path).absolute().resolve() for source in each(recipe.source) if source.local]
    return kept.confirmed.folder.resolve() in paths


def sources_with(recipe: Recipe, kept: Kept) -> str:
    """Return the recipe's sources and what is confirmed, as ``--set`` and YAML take them."""
    said = [source.model_dump(mode="json", exclude_defaults=True) for source in each(recipe.source)]
    return f"source={json.dumps([*said, {'local': {'path': str(kept.confirmed.folder)}}], ensure_ascii=False)}"


def told(kept: Kept, recipe: Recipe) -> dict[str, Any]:
    """Return what is kept, as JSON values; docs/feedback.md says what is what."""
    rows = kept.confirmed.rows()
    waiting = [truth for digest, truth in kept.truths.items() if _is_waiting(kept, rows, digest, truth)]
    here = [truth for truth in waiting if truth.sha256 in kept.pictures]
    counted = [truth for truth in kept.truths.values() if truth.answered]
    releases = Counter(answer.release for answer in kept.answers.values())
    return {
        "recipe": recipe.name,
        "folder": str(kept.log.folder),
        "answers": kept.lines,
        "images": len(kept.answers),
        "unsure": sum(answer.unsure for answer in kept.answers.values()),
        "releases": dict(releases.most_common()),
        "pictures": len(kept.pictures),
        "truths": {
            "images": len(kept.truths),
            "agree": sum(truth.answered[0] == truth.label for truth in counted if truth.answered),
            "compared": len(counted),
            "waiting": len(waiting),
            "without_picture": len(waiting) - len(here),
            "said": [_as_json(truth) for truth in sorted(waiting, key=lambda truth: truth.time)],
        },
        "confirmed": {
            "folder": str(kept.confirmed.folder),
            "classes": dict(sorted(Counter(row.label for row in rows.values() if row.label).items())),
            "left_out": sum(row.decision == LEAVE_OUT for row in rows.values()),
            "is_a_source": is_a_source(recipe, kept),
        },
        "thrown_away": thrown_away(kept.log),
    }


def _is_waiting(kept: Kept, rows: Mapping[str, Any], digest: str, truth: Truth) -> bool:
    row = rows.get(digest)
    return is_open(row.as_decision() if row else None, truth.label)


def _as_json(truth: Truth) -> dict[str, Any]:
    top = truth.answered
    return {name: value for name, value in truth.as_line().items() if name != "answered"} | {
        "answered": {"label": top[0], "probability": top[1]} if top else None
    }


def _tops(found: Any) -> Iterator[tuple[str, float]]:
    for pair in found if isinstance(found, list) else ():
        if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str) and isinstance(pair[1], int | float):
            yield pair[0], float(pair[1])


def _by(answer: Answer | None) -> str:
    parts = [part for part in (answer.release[:12], answer.format) if part] if answer else []
    return f" (release {', '.join(parts)})" if parts else ""
