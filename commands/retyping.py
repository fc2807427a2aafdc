"""What somebody may have meant who typed a command that cannot be understood, the likeliest first."""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from evergreen.paths import is_file, is_folder
from evergreen.recipe import Recipe
from evergreen.recipe_files import ARCHIVES, folders, name_for, recipes_in
from evergreen.sections.refusing.expected import flow, place_of
from evergreen.sections.refusing.lines import nearest_word
from evergreen.sections.refusing.synonyms import SOURCE, Meant, meant_by
from evergreen.sections.refusing.told import every_place

_WORDS = {
    "new": ("init", "create", "make", "add", "start", "import", "setup", "recipe"),
    "retrain": ("train", "run", "fit", "go", "execute", "build", "finetune", "fine-tune", "learn", "update"),
    "inspect": ("look", "validate", "data", "eda", "view", "analyze", "analyse"),
    "plan": ("preview", "dry-run", "dryrun", "diff", "estimate"),
    "why": ("explain", "reason"),
    "lineage": ("graph", "history", "trace", "provenance", "dag"),
    "folds": ("cv", "kfold", "k-fold", "crossval", "cross-validate", "crossvalidate"),
    "sweep": ("tune", "search", "optimize", "optimise", "hpo", "hyperparameters", "grid", "gridsearch", "sweeps"),
    "suggest": ("next", "annotate", "active", "active-learning", "tolabel", "to-label", "queue"),
    "feedback": ("truth", "truths", "confirm", "forget", "corrections"),
    "predict": ("classify", "infer", "inference", "label", "test", "eval", "evaluate", "score"),
    "serve": ("server", "api", "http", "deploy", "host"),
    "web": ("demo", "page", "site", "app"),
    "champions": ("models", "champion", "leaderboard"),
    "runs": ("list", "ls", "log", "logs", "jobs"),
    "compare": ("versus", "vs", "difference"),
    "open": ("show", "report", "browser"),
    "recipes": ("configs", "projects", "templates"),
    "formats": ("exports", "export", "format", "runtimes", "onnx", "openvino", "tflite", "convert"),
    "check": ("env", "info", "health"),
    "doctor": ("diagnose", "labels", "mislabeled", "mislabelled", "cleanlab", "suspects"),
    "maintain": ("gc", "clean", "cleanup", "prune", "upkeep", "maintenance"),
    "schedule": ("cron", "nightly", "weekly"),
    "promote": ("release", "deploy", "publish", "accept"),
    "rollback": ("undo", "revert", "back"),
    "pin": ("lock", "freeze", "hold"),
    "push": ("upload", "share", "sync"),
    "pull": ("download", "restore"),
    "fetch": ("get",),
    "remote": ("join", "merge", "reconcile", "origin"),
    "unpin": ("unlock", "unfreeze", "free"),
}
_MEANT = {word: command for command, words in _WORDS.items() for word in words}
_OPTIONS = {
    "--source": ("--data", "--dataset", "--path", "--folder", "--images", "--input", "--src", "--photos", "--from"),
    "--set": ("--override", "--param", "--config", "-s", "--define", "-D"),
    "--json": ("--format=json", "--output-json"),
    "--store": ("--root", "--workspace", "--output-dir"),
    "--verbose": ("--debug", "-v", "--traceback"),
    "--model": ("--run", "--checkpoint", "--weights"),
    "--cure": ("--fix", "--heal", "--robust", "--harden", "--mend"),
}
_CALLED = {word: option for option, words in _OPTIONS.items() for word in words}
_PLANS = ("--dry-run", "--plan", "--preview", "-n")
_VALUES = {"--folds": "5", "--port": "8000", "--top": "3", "--sample": "12", "--seed": "0", "--set": "seed=42"}
_VALUES |= {
    "--source": ".",
    "--store": ".evergreen",
    "--csv": "answers.csv",
    "--sheet": "answers.png",
    "--count": "20",
    "--from": ".",
    "--out": "page",
}
_VALUES |= {"--format": "keras", "--recipe": "digits", "--name": "photos", "--html": "comparison.html", "--on": "dask"}
_VALUES |= {"--log": "store", "--unsure": "20", "--forget": "0" * 64}
_VALUES |= {"--over": "train.head.dropout=[0.1, 0.3]", "--trials": "20", "--parallel": "2", "--budget-minutes": "30"}
_VALUES |= {"--seeds": "1,2,3", "--search-seed": "0", "--cron": "30 4 * * 1-5", "--timezone": "Etc/UTC"}
_PAIR = re.compile(r"[A-Za-z_][\w.-]*=.*", re.DOTALL)
_IMAGE = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".avif")

Words = list[str]


@dataclass(frozen=True)
class Retyping:
    """What was typed, and what of it is wrong.

    Attributes:
        commands: by name.
        typed: every word, without the program's name.
        at: where the command stands; None if there is none, or the mistake lies before it.
        option: that is unknown, or lacks its value, or has one.
        parameter: that is missing, or has a bad value.
        extra: words that are too many.
    """

    commands: Mapping[str, Any]
    typed: Words
    at: int | None
    option: str
    parameter: Any
    extra: tuple[str, ...]

    def candidates(self, kind: str) -> Iterator[Words]:
        """Yield what may be typed instead, without the program's name.

        Args:
            kind: the class of Typer's error.
        """
        if self.at is None:
            is_option = self.typed[0].startswith("-") and len(self.typed[0]) > 1
            yield from self._before_a_command() if is_option else self._no_command()
            return
        ways: dict[str, Callable[[], Iterator[Words]]] = {
            "NoSuchOption": self._no_option,
            "BadOptionUsage": self._no_value,
            "BadArgumentUsage": self._no_value,
            "MissingParameter": self._missing,
            "BadParameter": self._bad_value,
        }
        yield from ways.get(kind, self._too_many)()

    def _no_command(self) -> Iterator[Words]:
        word, rest = self.typed[0], self.typed[1:]
        if word.lower() == "help":
            yield [*rest[:1], "--help"]
        lower = word.lower().replace("_", "-")
        if "--cure" in (f"--{lower}", _CALLED.get(f"--{lower}")):
            yield ["retrain", *rest, "--cure"]
        near = difflib.get_close_matches(lower, self.commands, n=1)
        for command in filter(None, (_MEANT.get(lower), *near)):
            yield [command, *rest]
            yield from self._with_what_is_needed([command, *rest])
        yield ["retrain", *self.typed]
        if Path(word).suffix.lower() in _IMAGE:
            yield ["predict", *self.typed]
        if _holds_images(word):
            yield ["new", name_for(Path(word)), "--source", word, *rest]

    def _before_a_command(self) -> Iterator[Words]:
        """Options come behind the command."""
        at = next((index for index, word in enumerate(self.typed) if word in self.commands), None)
        if at is not None:
            yield [*self.typed[at:], *self.typed[:at]]
        else:
            option, *rest = self.typed
            option, equals, value = option.partition("=")
            yield ["retrain", *([value] if equals else []), *rest]
            yield ["retrain", *self.typed, _a_recipe()]
            if near := difflib.get_close_matches(option, ["--help", "--version"], n=1):
                yield near

    def _no_option(self) -> Iterator[Words]:
        at = next((at for at, word in enumerate(self.typed) if self.option in (word, word.partition("=")[0])), None)
        if at is None:  # one of several letters behind a single dash
            return
        before, after = self.typed[:at], self.typed[at + 1 :]
        _, equals, value = self.typed[at].partition("=")
        has_value = bool(equals) or bool(after and not after[0].startswith("-"))
        given, rest = (value, after) if equals else (after[0], after[1:]) if has_value else ("", after)
        if self.option in _PLANS:
            yield ["plan", *before[1:], *after]
        near = difflib.get_close_matches(self.option, self._options(), n=1, cutoff=0.65)  # --lr is no --cure
        called = _CALLED.get(self.option) or "".join(near)
        if called and (said := [called, given] if has_value else [called]):
            yield [*before, *said, *rest]
            yield [*before, *said[:1], *after]
        if self.option == "--recipe":
            yield [*before, given, *rest]
        if overrides := _as_overrides(self.option.lstrip("-"), given):
            yield [*before, *(word for text in overrides for word in ("--set", text)), *rest]
        yield [*before, *rest]
        yield [*before, *after]

    def _no_value(self) -> Iterator[Words]:
        for at, word in enumerate(self.typed):
            if word == self.option and (value := self._value(word)):
                yield [*self.typed[: at + 1], value, *self.typed[at + 1 :]]
                yield from self._with_what_is_needed([*self.typed[: at + 1], value, *self.typed[at + 1 :]])
            if word.startswith(f"{self.option}="):
                yield [*self.typed[:at], self.option, *self.typed[at + 1 :]]
            if word == self.option:
                yield [*self.typed[:at], *self.typed[at + 1 :]]

    def _missing(self) -> Iterator[Words]:
        command, *rest = self.typed
        named = [word for word in rest if not word.startswith("-")]
        if command == "new":
            path = Path(named[-1]).resolve() if named else Path()
            if named and _holds_images(named[-1]):
                yield ["new", *(named[:-1] or [name_for(path)]), "--source", named[-1]]
            yield [*self.typed, "--source", "."]
            yield ["new", name_for(Path.cwd()), "--source", "."]
        yield from self._with_what_is_needed(self.typed)
        yield ["runs" if command in ("compare", "promote") else "champions"]

    def _with_what_is_needed(self, words: Words) -> Iterator[Words]:
        command = self.commands.get(words[0])
        if command and any(one.name == "recipe" and not option_of(one) for one in command.params):
            yield [words[0], _a_recipe(), *words[1:]]
        if words[0] == "schedule" and not {"--nightly", "--weekly", "--cron", "--off"} & set(words):
            yield ["schedule", _a_recipe(), *words[1:], "--nightly"]
        if words[0] == "why":
            yield ["why", "train", *words[1:]]
        if words[0] == "remote":
            rest = [word for word in words[1:] if word != "join"]
            yield ["remote", "join", *rest]
            yield ["remote", "join", _a_recipe(), *rest]
        if words[0] == "predict":
            yield ["predict", "--sample", "12", *words[1:]]

    def _bad_value(self) -> Iterator[Words]:
        names = set(getattr(self.parameter, "opts", ()))
        if self.parameter is not None and not option_of(self.parameter):
            yield from self._with_what_is_needed(self.typed)
        for at, word in enumerate(self.typed):
            option, equals, _ = word.partition("=")
            given = self.typed[at + 1] if not equals and at + 1 < len(self.typed) else word.partition("=")[2]
            if option in names and (value := self._value(option, given)):
                rest = self.typed[at + 1 if equals else at + 2 :]
                fixed = [*self.typed[:at], option, value, *rest]
                yield fixed
                yield from self._with_what_is_needed(fixed)

    def _value(self, option: str, given: str = "") -> str:
        """Return a value that an option may have: of a choice what is most like a word; empty if nothing is known."""
        command = None if self.at is None else self.commands[self.typed[self.at]]
        parameter = next((one for one in (command.params if command else ()) if option in one.opts), None)
        descriptor = getattr(parameter, "type_descriptor", None)
        choices = [str(choice) for choice in getattr(descriptor, "choices", None) or ()]
        near = difflib.get_close_matches(given.lower(), choices, n=1)
        likely = [*near, *(choice for choice in choices if given and given.lower() in choice), *choices]
        default = getattr(parameter, "default", None)
        usual = f"{default:g}" if isinstance(default, int | float) and default else ""
        return likely[0] if likely else _VALUES.get(option) or usual

    def _too_many(self) -> Iterator[Words]:
        words = list(self.typed)
        for word in self.extra:
            at = len(words) - 1 - words[::-1].index(word) if word in words else None
            if at is None:
                return
            before, after = words[:at], words[at + 1 :]
            if at >= 2 and words[at - 2] == "--set" and "=" not in words[at - 1]:
                words = [*before[:-1], f"{words[at - 1].rstrip(':')}={word}", *after]
            elif _PAIR.fullmatch(word):
                name, _, value = word.partition("=")
                called = [part for text in _as_overrides(name, value) for part in ("--set", text)]
                yield from ([*before, *said, *after] for said in (["--set", word], called))
                words = [*before, "--set", word, *after]
            elif _holds_images(word) and "--source" in self._options():
                named = before if words[0] == "new" else ["new", name_for(Path(word))]
                yield [*named, "--source", word, *(after if words[0] == "new" else [])]
            else:
                words = [*before, *after]
        yield words

    def _options(self) -> list[str]:
        command = None if self.at is None else self.commands[self.typed[self.at]]
        return [option for one in (command.params if command else ()) for option in one.opts if option[0] == "-"]


def _as_overrides(word: str, given: str) -> list[str]:
    """Return overrides of the fields that an option's name means."""
    key = word.replace("-", "_")
    places = [place.dotted for place in every_place(Recipe) if place.path[-1] == key]
    meant = meant_by("", key) or (Meant((places[0],)) if len(places) == 1 else None)
    if meant is None and (near := nearest_word(key, Recipe.model_fields)):
        meant = Meant((near,))
    if meant is None or meant is SOURCE:
        return []
    try:
        value = yaml.safe_load(given)
    except yaml.YAMLError:
        return []
    if not given:
        shown = [place_of(Recipe, path) for path in meant.locations]
        pairs: Any = [(one.dotted, True) for one in shown if bool in [kind for kind, _ in one.kinds]]
    else:
        pairs = meant.given(value)
    return [f"{path}={flow(own)}" for path, own in pairs or ()]


def _holds_images(word: str) -> bool:
    path = Path(word)
    return bool(word) and (is_folder(path) or (is_file(path) and path.suffix.lower() in ARCHIVES))


def _a_recipe() -> str:
    """Return the name of a recipe that is here: an own one, else digits."""
    own = [path.stem for path in recipes_in(folders()[0])]
    return own[0] if own and "digits" not in own else "digits"


def option_of(parameter: Any) -> str:
    """Return the option that sets a parameter; empty if it is an argument."""
    return next((str(name) for name in parameter.opts if name.startswith("--")), "")
