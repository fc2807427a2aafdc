"""The step key of one step in one run, and the words for why a step must run. Knows no Prefect."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from evergreen.columns import by_column
from evergreen.fold_steps import step_named
from evergreen.images.processors import threads_of
from evergreen.paths import is_file, is_folder, path_of
from evergreen.recipe import TEACHING, Recipe, brought_up, in_full, picked
from evergreen.step import Step
from evergreen.vision.formats.catalogue.installed import version_of as _version
from evergreen.vision.networks.distributions import distributions_of
from evergreen.vision.networks.precision import precision_of
from evergreen.vision.training.devices import devices_of
from runs.teachers import digests_in, models_of
from storage.artifacts import Manifest, Ref
from storage.digests import canonical_json, sha256_bytes, sha256_file
from storage.steps.fingerprint import reachable_code
from storage.steps.keys import KeyParts, differences
from storage.steps.records import Records
from storage.store import Store

PROJECT = Path(__file__).resolve().parent.parent

# Recipe models and the step table carry no behaviour: their values are in the key already.
_LEAVE_OUT = tuple(f"evergreen.{name}" for name in ("recipe", "recipe_files", "sections", "steps", "fold_steps"))
_NEAREST_AMONG = 50
_ANOTHER_FORM = "keys are written in another form since an update of Evergreen"


def key_parts(step: Step, recipe: Recipe, store: Store, inputs: Mapping[str, Ref]) -> KeyParts:
    """Return everything that decides a step's output.

    Args:
        step: a row of the step table.
        recipe: where the step's values are read.
        store: where the inputs are.
        inputs: parameter name -> artifact, for each of the step's inputs.

    Raises:
        KeyError: an input is missing or unknown.
        BadInput: a model that is to teach is not in the store.
        ArtifactMissing, ArtifactDamaged: an input's manifest cannot be read.
    """
    if set(inputs) != set(step.inputs):
        raise KeyError(f"{step.name}: expected the inputs {sorted(step.inputs)}, received {sorted(inputs)}")
    return KeyParts(
        step=step.name,
        format=step.format,
        inputs={above: _what_is_read(store, inputs[name], step.reads.get(name)) for name, above in step.inputs.items()},
        recipe=recipe.choices(step.recipe),
        code=code_digests(step),
        libraries=libraries_of(step, recipe) | teachers_of(step, recipe, store),
    )


def code_digests(step: Step) -> dict[str, str]:
    """Return {module or data file: SHA-256 of its normalised text} of what the step's core function can reach."""
    return {name: sha256_bytes(text.encode()) for name, text in code_of(step).items()}


def libraries_of(step: Step, recipe: Recipe) -> dict[str, str]:
    """Return {library, file or rule outside the recipe: its version} of what may change the step's output."""
    teachers = _teachers(step, recipe)
    trained = [recipe.train, *(teacher.train for teacher in teachers)]
    weights = [name for train in trained for name in distributions_of(train)] if step.weights else []
    formats = [name for format_ in recipe.export.formats for name in step.formats.get(format_, ())]
    found = {name: _version(name) for name in (*step.libraries, *weights, *formats)}
    found |= _named_files(step, recipe)
    if teachers:
        found["scipy"] = _version("scipy")  # says which images validate a teacher
    for teacher in teachers:
        found |= {f"{name} of teacher {teacher.name}": value for name, value in _named_files(step, teacher).items()}
    if step.precision:
        found["precision"] = precision_of(recipe.train)
        found |= {f"precision of teacher {teacher.name}": precision_of(teacher.train) for teacher in teachers}
        if recipe.train.devices == "all":  # a number is in the recipe
            found["devices"] = str(devices_of(recipe.train))
    return found | ({"threads": str(threads_of(recipe.train))} if step.threads else {})


def teachers_of(step: Step, recipe: Recipe, store: Store) -> dict[str, str]:
    """Return, as parts of a key, which models of the store teach in a step; empty where none does.

    Raises:
        BadInput: one is not there.
    """
    return models_of(recipe, store) if TEACHING in step.recipe else {}


def _teachers(step: Step, recipe: Recipe) -> tuple[Recipe, ...]:
    """Return the recipes that a step trains before its own."""
    teaching = recipe.teaching if TEACHING in step.recipe else None
    return teaching.recipes if teaching else ()


def _named_files(step: Step, recipe: Recipe) -> dict[str, str]:
    """Return {``file`` and the value's path in the recipe: digest} for values that name files which are there.

    A value that is several names folders.
    """
    found = {}
    for dotted in step.recipe_files:
        value: Any = recipe
        for part in dotted.split("."):
            value = getattr(value, part, None)
        if isinstance(value, str) and is_file(path := path_of(value)):
            found[f"file {dotted}"] = f"sha256 {sha256_file(path)}"
        elif isinstance(value, tuple):
            from evergreen.images.backgrounds.photos import digest_of  # late: OpenCV

            found |= {f"file {dotted} {name}": f"sha256 {digest_of(name)}" for name in value if is_folder(name)}
    return found


def given(step: Step, inputs: Mapping[str, Ref], parts: KeyParts) -> dict[str, str]:
    """Return {upstream step: digest of the whole artifact that it gave}; for people and lineage, not for the key.

    A model that teaches in the step is among them, as ``teacher`` and how the recipe names it.
    """
    return {step.inputs[name]: ref.sha256 for name, ref in inputs.items()} | digests_in(parts.libraries)


def _what_is_read(store: Store, ref: Ref, names: Iterable[str] | None) -> str:
    """Return the digest of an input, or of just those of its files that a step reads, with its kind and facts.

    An artifact of an earlier version may lack a file, which is another key than having one. A table counts in the form
    in which it rests.
    """
    if names is None:
        return ref.sha256
    whole = store.manifest(ref.sha256)
    read = [file for name in names for file in dict.fromkeys((name, by_column(name))) if file in whole.files]
    return Manifest(whole.kind, {name: whole.files[name] for name in read}, whole.facts).ref().sha256


def code_of(step: Step) -> dict[str, str]:
    """Return {module or data file: normalised text} of what the step's core function can reach."""
    code: dict[str, str] = {}
    for function in filter(None, (step.core, *step.processes)):
        code |= reachable_code(function, PROJECT, ("evergreen",), _LEAVE_OUT)
    return code | {name: (PROJECT / name).read_text(encoding="utf-8") for name in step.files}


def fingerprint_of(core: str, libraries: Iterable[str]) -> str:
    """Return one SHA-256 for what a function can reach and the versions of some libraries.

    Args:
        core: ``module:function`` of the craft.
        libraries: names of distributions.
    """
    code = reachable_code(core, PROJECT, ("evergreen",), _LEAVE_OUT)
    return sha256_bytes(canonical_json({"code": code, "libraries": {name: _version(name) for name in libraries}}))


@dataclass(frozen=True)
class Earlier:
    """The earlier record of the same step and recipe that differs least; the newer of two.

    Attributes:
        parts: of its key, with every default of the recipe.
        differences: what differs, in words; one or more.
    """

    parts: KeyParts
    differences: list[str]


def nearest_earlier(parts: KeyParts, settings: Mapping[str, Any], records: Records, recipe: str) -> Earlier | None:
    """Return the earlier record that a key differs least from, or None if there is none whose parts are known.

    Args:
        parts: of the key that is asked about; its own record does not count.
        settings: what the recipe had for that key, section by section, with every default.
        records: of the store.
        recipe: the recipe's name.
    """
    own, wanted = records.read(parts.key), written_out(parts, settings)
    earlier = [
        record
        for record in records.all(parts.step)
        if record.recipe == recipe and record.key != parts.key and (own is None or record.finished < own.finished)
    ]
    known = [
        replace(full, recipe=brought_up(full.recipe, wanted.recipe))
        for record in earlier[:_NEAREST_AMONG]
        if (found := records.parts(record)) and (full := written_out(found, record.settings))
    ]
    compared = [Earlier(found, differences(found, wanted) or [_ANOTHER_FORM]) for found in known]
    return min(compared, key=lambda one: len(one.differences), default=None)


def written_out(parts: KeyParts, settings: Mapping[str, Any]) -> KeyParts:
    """Return the parts of a key with every default of the recipe, to be shown and compared in words.

    Args:
        parts: of the key.
        settings: what the recipe had then; what it lacks has its present default, for a field is added with the
            default that does what was done before.
    """
    step = step_named(parts.step)
    read = set(step.recipe if step else ())
    read |= set(parts.recipe) - {name.partition(".")[0] for name in read}  # what the step of then read
    return replace(parts, recipe=in_full({**parts.recipe, **picked(settings, read)}, read))


def only(recipe: Recipe, sections: Iterable[str]) -> Recipe:
    """Return the recipe with just these sections, or single values of some: reading another would make a stale result.

    Whoever reads another gets an AttributeError.
    """
    return cast(Recipe, _Only(recipe, sections))


class _Only:
    def __init__(self, recipe: Any, names: Iterable[str], where: str = "recipe") -> None:
        inside: dict[str, list[str]] = {}
        for section, _, field in sorted(name.partition(".") for name in names):
            inside.setdefault(section, []).append(field)
        for section, fields in inside.items():
            value = getattr(recipe, section)
            self.__dict__[section] = value if "" in fields else _Only(value, fields, f"{where}.{section}")
        self._where = where

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"this step reads {self._where}.{name}, which its row of the step table does not name")


def why_it_runs(parts: KeyParts, records: Records, recipe: Recipe) -> str:
    """Say why a step must run: what differs from the nearest earlier record of the same recipe.

    Args:
        parts: of the key that has no reliable record.
        records: of the store.
        recipe: the recipe, whole.
    """
    if records.path(parts.key).exists():
        return "its artifact was missing or damaged"
    nearest = nearest_earlier(parts, recipe.values(), records, recipe.name)
    if nearest is None:
        return "first run"
    words = nearest.differences
    more = f" and {len(words) - 3} more" if len(words) > 3 else ""
    return "; ".join(words[:3]) + more
