"""To retrain or not: what changed is said first, and below the recipe's thresholds a run ends before training."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evergreen.sections.release import RetrainWhen
from evergreen.steps import BY_NAME
from flows.drifting import tell_of_drift
from flows.say import say
from runs.changes import Baseline, Changes, baseline_of, changes_since, with_images
from runs.keys import key_parts
from runs.run import Run
from runs.summaries.labels import note_class_changes
from storage.artifacts import Ref
from storage.champions import Champions

NOT_RETRAINED = "not retrained"


@dataclass(frozen=True)
class Since:
    """What a run is compared with, and what differs as far as it is known."""

    baseline: Baseline
    changes: Changes


def compared(run: Run, token: Ref) -> Since | None:
    """Say what changed since the champion as soon as the source was asked; None if there is no earlier model.

    Args:
        run: that begins.
        token: what probe published.
    """
    name = run.recipe.name
    champion = Champions(run.store.root).current(name)
    # The champion's run may be pruned by now; the newest model is what is left to compare with.
    baseline = baseline_of(run.store, name, champion) or baseline_of(run.store, name)
    if baseline is None:
        say(f"{run.recipe.name} has no earlier model to compare with")
        return None
    changes = changes_since(baseline, run, token)
    say(f"compared with run {baseline.run}, whose model is {baseline.age_days:.1f} days old")
    for what, how in changes.rows().items():
        say(f"{what}: {how}")
    return Since(baseline, changes)


def retraining_is_due(run: Run, since: Since | None, dataset: Ref, weights: Ref) -> bool:
    """Decide whether the run goes on to training, say why, and note it in the run's journal.

    Args:
        run: that has come to its training.
        since: as ``compared`` gave it.
        dataset: what split published.
        weights: what balance published.
    """
    classes_beside_the_champion(run, dataset)
    if since is None:
        run.journal.decision = {"retrain": True, "reason": "there is no earlier model"}
        return True
    changes = with_images(since.changes, since.baseline, run, dataset)
    if changes.images:
        say(f"images: {changes.rows()['images']}")
    if _is_known(run, dataset, weights):
        due, reason = True, "the training is known already"
    else:
        due, reason = decide(run.recipe.retrain_when, changes, since.baseline.age_days, run.journal.drift)
    run.journal.decision = {
        "retrain": due,
        "reason": reason,
        "compared_with": since.baseline.run,
        "age_days": round(since.baseline.age_days, 2),
        "images": changes.images.__dict__ | {"new_share": changes.images.new_share} if changes.images else None,
        "changes": changes.rows(),
    }
    tell_of_drift(run, retrains=due)
    say(reason if due else f"{NOT_RETRAINED}: {reason}; to train anyway: --set retrain_when={{}}")
    return due


def classes_beside_the_champion(run: Run, dataset: Ref) -> None:
    """Say how the classes differ from the champion's, before anything is trained on them, and note it in the journal.

    Args:
        run: whose recipe it is.
        dataset: what carries the run's classes.
    """
    note_class_changes(run, dataset, say)


def decide(
    when: RetrainWhen, changes: Changes, age_days: float, drift: Mapping[str, Any] | None = None
) -> tuple[bool, str]:
    """Return whether to retrain, and why; one threshold that is reached is enough, and so is a changed recipe.

    Args:
        when: the thresholds; one that is 0 or off is none.
        changes: since the champion.
        age_days: of the champion.
        drift: how new images stand beside the champion's, as the journal has it.
    """
    if not when.has_threshold():
        return True, "retrain_when sets no threshold"
    if changes.training:
        return True, f"the recipe changed: {'; '.join(changes.training)}"
    if changes.images is None:
        return True, "the champion's dataset is no longer stored, so nobody knows what is new"
    below = []
    if when.min_new_share:
        share = changes.images.new_share
        if share >= when.min_new_share:
            return True, f"{share:.1%} of the images are new, at least {when.min_new_share:.1%}"
        below.append(f"{share:.1%} of the images are new, below {when.min_new_share:.1%}")
    if when.max_age_days is not None:
        if age_days >= when.max_age_days:
            return True, f"the model is {age_days:.1f} days old, at least {when.max_age_days:g}"
        below.append(f"the model is {age_days:.1f} days old, below {when.max_age_days:g}")
    if when.drift is not None:
        p = drift["p"] if drift else None
        if p is not None and p < when.drift:
            return (
                True,
                f"new images differ from those that the model was judged by (p = {p:.2g}, below {when.drift:g})",
            )
        told = drift["words"].rstrip(".") if drift and p is None else "new images were not compared"
        below.append(f"no drift was found (p = {p:.2g})" if p is not None else told[0].lower() + told[1:])
    return False, ", and ".join(below)


def _is_known(run: Run, dataset: Ref, weights: Ref) -> bool:
    """Whether the training would be reused, so that there is none to save."""
    parts = key_parts(BY_NAME["train"], run.recipe, run.store, {"dataset": dataset, "weights": weights})
    return run.records.read(parts.key) is not None
