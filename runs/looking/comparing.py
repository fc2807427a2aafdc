"""Two runs side by side: what differs in recipe, images, code and libraries, and what each says of the same images."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evergreen.datasets.changes import compare_images
from evergreen.judging.judged import judged_split
from evergreen.judging.statistics import Paired, mcnemar, paired
from evergreen.recipe import Recipe, brought_up, in_full
from evergreen.sections.base import Range
from runs.looking.compared import ClassRow, Compared, Picture, Together
from runs.looking.listing import marked
from runs.summaries.summary import output_of, run_summary
from runs.tables import classes_of, range_in, read_rows, read_table
from storage.artifacts import Ref
from storage.errors import StoreError
from storage.steps.keys import KeyParts, changed
from storage.store import Store

_SPLITS = ("test", "validation", "train")
_FOLDED = ("deal", "folds")
_ALIKE = 0.05  # of McNemar's test: above, chance explains the difference


@dataclass(frozen=True)
class _Judged:
    """What a run said of each image that it was judged on: (SHA-256, label) -> path, answer, its probability."""

    split: str
    classes: list[str]
    answers: dict[tuple[str, str], tuple[str, str, float]]


def compare_runs(store: Store, first: str, second: str) -> Compared:
    """Compare two runs.

    Args:
        store: whose runs they are.
        first: id of a run; the other is compared with it.
        second: id of another.

    Raises:
        BadInput: there is no such run.
    """
    one, two = run_summary(store, first), run_summary(store, second)
    cannot: list[str] = []
    mine, theirs = (_judged(store, summary, cannot) for summary in (one, two))
    together = _together(mine, theirs, (one["id"], two["id"]), cannot) if mine and theirs else None
    old, new = (in_full(summary.get("settings", {}), Recipe.model_fields) for summary in (one, two))
    parts, others = _parts(store, one), _parts(store, two)
    splits = [split for split in _SPLITS if any(split in summary.get("metrics", {}) for summary in (one, two))]
    return Compared(
        first=marked(store, one),
        second=marked(store, two),
        not_comparable=cannot,
        recipe=changed(brought_up(old, new), new),
        images=_images(store, one, two),
        code=[name for name, _, _ in _changed_names(parts, others, "code")],
        libraries=_changed_names(parts, others, "libraries"),
        metrics={split: (one.get("metrics", {}).get(split), two.get("metrics", {}).get(split)) for split in splits},
        together=together,
    )


def on_the_same_images(store: Store, one: Mapping[str, Any], two: Mapping[str, Any]) -> Paired | None:
    """Return what the models of two runs get right of the same judged images; None if they were judged on others.

    Args:
        store: whose runs they are.
        one: what ``run.json`` says of a run: id, outcome and steps.
        two: of another, which stands in the place of a challenger.
    """
    import numpy as np

    mine, theirs = (_judged(store, summary, []) for summary in (one, two))
    if not (mine and theirs and mine.split == theirs.split and mine.answers.keys() == theirs.answers.keys()):
        return None
    shared = list(mine.answers)
    if not shared:
        return None
    return paired(*(np.array([run.answers[image][1] == image[1] for image in shared]) for run in (mine, theirs)))


def _judged(store: Store, summary: Mapping[str, Any], cannot: list[str]) -> _Judged | None:
    """Return what a run said of the images that it was judged on; None, and why, if that is not known."""
    run, evaluation, dataset = summary["id"], output_of(dict(summary), "evaluate"), output_of(dict(summary), "split")
    if evaluation is None or dataset is None:
        cannot.append(f"run {run} ({summary['outcome']}) did not come to evaluate: it has no answers to compare")
        return None
    try:
        said, images = _ref(store, evaluation), _ref(store, dataset)
        digests = {row["path"]: row["sha256"] for row in read_rows(store, images, "dataset.csv", ("path", "sha256"))}
        rows = list(read_rows(store, said, "predictions.csv"))
        classes = classes_of(store, images)
    except StoreError:
        cannot.append(f"what run {run} said of each image is no longer stored: its answers cannot be compared")
        return None
    split = judged_split(row["split"] for row in rows)
    answers = {
        (digests[row["path"]], row["label"]): (row["path"], row["predicted"], float(row["probability"]))
        for row in rows
        if row["split"] == split
    }
    return _Judged(split, classes, answers)


def _together(one: _Judged, two: _Judged, names: tuple[str, str], cannot: list[str]) -> Together | None:
    """Return what both say of the images that both judged; None, and why, if that would mean nothing."""
    if one.split != two.split:
        words = f"{names[0]} was judged on {one.split} images, {names[1]} on {two.split} images"
        cannot.append(f"{words}: a model is chosen on validation images, which flatters it, so the two do not compare")
        return None
    if set(one.classes) != set(two.classes):
        only = [
            sorted(set(mine) - set(other)) for mine, other in ((one.classes, two.classes), (two.classes, one.classes))
        ]
        told = "; ".join(f"only in {name}: {', '.join(some)}" for name, some in zip(names, only, strict=True) if some)
        cannot.append(f"the classes are others ({told}): the answers of the two do not compare")
        return None
    shared = sorted(one.answers.keys() & two.answers.keys(), key=lambda image: two.answers[image][0])
    if len(shared) < max(len(one.answers), len(two.answers)):
        counts = f"{names[0]} judged {len(one.answers):,} {one.split} images, {names[1]} {len(two.answers):,}"
        if not shared:
            cannot.append(f"{counts}, and none is the same: their accuracies are of different images")
            return None
        cannot.append(
            f"{counts}; {len(shared):,} are the same, with the same label: only of those is one compared with the "
            "other, and the accuracies of each run are of different images"
        )
    return _paired(one, two, shared)


def _paired(one: _Judged, two: _Judged, shared: list[tuple[str, str]]) -> Together:
    import numpy as np

    first, second = (np.array([run.answers[image][1] == image[1] for image in shared]) for run in (one, two))
    whole, test = paired(first, second), mcnemar(first, second)
    labels = np.array([label for _, label in shared])
    classes = [
        _class_row(label, paired(first[labels == label], second[labels == label]))
        for label in two.classes
        if (labels == label).any()
    ]
    pictures = [_picture(image, one, two) for image in shared]
    to_wrong = [picture for picture, was, now in zip(pictures, first, second, strict=True) if was and not now]
    to_right = [picture for picture, was, now in zip(pictures, first, second, strict=True) if now and not was]
    return Together(
        split=two.split,
        count=whole.count,
        first=whole.champion,
        second=whole.challenger,
        gain=whole.gain,
        first_interval=whole.champion_interval,
        second_interval=whole.challenger_interval,
        gain_interval=whole.gain_interval,
        only_first=test.only_champion,
        only_second=test.only_challenger,
        p_value=test.p_value,
        words=_words(whole, test.p_value, two.split),
        classes=classes,
        to_wrong=sorted(to_wrong, key=lambda picture: -picture.second_probability),
        to_right=sorted(to_right, key=lambda picture: -picture.first_probability),
    )


def _class_row(label: str, found: Paired) -> ClassRow:
    return ClassRow(label, found.count, found.champion, found.challenger, found.gain, found.gain_interval)


def _picture(image: tuple[str, str], one: _Judged, two: _Judged) -> Picture:
    _, before, sure = one.answers[image]
    path, after, surer = two.answers[image]
    return Picture(path, image[1], image[0], before, after, sure, surer)


def _words(whole: Paired, p_value: float, split: str) -> str:
    low, high = whole.gain_interval
    change = (
        f"the second is right on {100 * abs(whole.gain):.1f} points {'more' if whole.gain > 0 else 'fewer'} of"
        if whole.gain
        else "both are right on as many of"
    )
    chance = "chance alone may do that" if p_value > _ALIKE else "hardly by chance"
    return (
        f"{change} the same {whole.count:,} {split} images "
        f"(95 % interval {100 * low:+.1f} to {100 * high:+.1f}; McNemar p = {p_value:.2g}): {chance}"
    )


def _images(store: Store, one: Mapping[str, Any], two: Mapping[str, Any]) -> str:
    """Return in words how the images of two runs differ, and whether they lie on other sides."""
    before, after = (output_of(dict(summary), "split") for summary in (one, two))
    if before is None or after is None:
        return ""
    if before == after:
        return "the same, on the same sides"
    try:
        found = compare_images(*(read_table(store, _ref(store, digest)) for digest in (before, after)))
    except StoreError:
        return "others, or on other sides; their table is no longer stored"
    if found.added or found.removed or found.relabelled:
        counts = f"{found.added:,} added, {found.removed:,} removed, {found.relabelled:,} relabelled"
        return f"{counts}, {found.total:,} now"
    return f"the same {found.total:,}, on other sides or in another order"


def _ref(store: Store, digest: str) -> Ref:
    return store.manifest(digest).ref()


def _parts(store: Store, summary: Mapping[str, Any]) -> list[KeyParts]:
    """Return the parts of the keys of a run's steps that are still stored, but for those of folds."""
    found = []
    for step in summary["steps"]:
        if step["name"] in _FOLDED or step["name"].startswith("fold ") or not step.get("key"):
            continue
        try:
            found.append(KeyParts.parse(store.read_blob(step["key"])))
        except StoreError:
            continue  # collected, or of an earlier store: what is left is compared
    return found


def _changed_names(one: list[KeyParts], two: list[KeyParts], what: str) -> list[tuple[str, Any, Any]]:
    """Return (name, before, after) of what differs in one kind of parts, of steps that both runs have.

    Args:
        one: parts of keys of a run.
        two: of another.
        what: code or libraries.
    """
    steps = {parts.step for parts in one} & {parts.step for parts in two}
    before, after = (
        {name: value for parts in run if parts.step in steps for name, value in getattr(parts, what).items()}
        for run in (one, two)
    )
    return [
        (name, before.get(name, "not set"), after.get(name, "not set"))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]


def range_of(store: Store, run: str) -> Range | None:
    """Return ``screen.range`` with which the images of a run were screened; None where it was left alone."""
    digest = output_of(run_summary(store, run), "screen")
    try:
        return range_in(store.manifest(digest).facts) if digest else None
    except StoreError:
        return None
