"""The plan: which steps would run, which are reused, and why; asks the store, starts neither Prefect nor TensorFlow."""

from collections.abc import Iterable

from evergreen.errors import OnlyInARun
from evergreen.fold_steps import steps_of, trains
from evergreen.recipe import Recipe
from evergreen.step import Step
from evergreen.vision.formats.catalogue.known import refuse_absent
from runs.kept.checkpoints import foretold, unchanged
from runs.keys import given, key_parts, why_it_runs
from runs.run import Entry, State
from runs.source import Asked, ask_source, context_of_a_plan
from runs.standing import decide, opponent_of
from storage.artifacts import Ref
from storage.steps.records import Records
from storage.store import Store


def plan(recipe: Recipe, store: Store, steps: Iterable[Step] | None = None) -> list[Entry]:
    """Return one entry a step, in the table's order: reused, would run, or unknown until something has run.

    Args:
        recipe: what would be run.
        store: what is asked.
        steps: those that would be called; None takes a retraining's.

    Raises:
        BadInput: a retraining could not write its exports here.
    """
    if steps is None:
        refuse_absent(recipe.export.formats)
    outputs: dict[str, Ref] = {}
    entries: dict[str, Entry] = {}
    roots: dict[str, str] = {}  # a step that waits -> the one that must run before anything can be said of it
    records = Records(store)
    for step in steps_of(recipe.evaluate.folds) if steps is None else steps:
        inputs = {name: outputs[above] for name, above in step.inputs.items() if above in outputs}
        if missing := [above for name, above in step.inputs.items() if name not in inputs]:
            roots[step.name] = root = roots.get(missing[0], missing[0])
            entry = Entry(step.name, "unknown", f"known once {root} has run ({entries[root].reason})")
        else:
            entry = _look_up(step, recipe, store, records, inputs)
        if entry.output:
            outputs[step.name] = entry.output
        entries[step.name] = entry
    return list(entries.values())


def nothing_to_do(entries: list[Entry]) -> bool:
    """Whether every step of a plan is reused."""
    return all(entry.state == "reused" for entry in entries)


def _look_up(step: Step, recipe: Recipe, store: Store, records: Records, inputs: dict[str, Ref]) -> Entry:
    parts = key_parts(step, recipe, store, inputs)
    record = records.read(parts.key)
    output = record.output if record else None
    reason = unchanged(store, parts, record.output) if record else why_it_runs(parts, records, recipe)
    if not step.cached:
        try:
            asked = _ask(step, recipe, store, records, inputs)
        except OnlyInARun as error:
            return Entry(step.name, "unknown", str(error), key=parts.key)
        if (now := asked.manifest.ref()) != output:
            output, record, reason = now, None, step.asks if record else reason
        reason = asked.remark or reason
    state: State = "reused" if record else "would run"
    if trains(step.name):
        reason += foretold(store, parts, record.output if record else None)
    if step.name == "train" and not record and recipe.retrain_when.has_threshold():
        reason += "; unless retrain_when ends the run before it"
    return Entry(step.name, state, reason, 0.0, output, parts.key, given(step, inputs, parts))


def _ask(step: Step, recipe: Recipe, store: Store, records: Records, inputs: dict[str, Ref]) -> Asked:
    """Return what a step that is never cached would publish now."""
    if step.name == "challenge":
        return Asked(opponent_of(store, recipe.name, inputs["challenger"]))
    if step.name == "promote":
        return Asked(
            decide(store, recipe.name, inputs["challenger"], inputs["champion"], inputs["comparison"]).manifest
        )
    return ask_source(recipe, store, records, context_of_a_plan(store))
