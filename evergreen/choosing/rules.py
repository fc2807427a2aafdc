"""The rules by which a recipe is chosen for a dataset; docs/choosing.md is written from this table.

Of each topic the first rule that holds decides. The numbers were measured: benchmarks/README.md says on what.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from evergreen.choosing import networks
from evergreen.choosing.facts import Facts
from evergreen.choosing.mirrors import mirrored

Values = Mapping[str, Any]
PRESETS = ("fast", "default", "best")

SMALL_SIDE = 64
_MANY_SMALL, _SHORT_LOW, _SHORT_HIGH = 5_000, 24, 48
_FEW, _VERY_FEW = 1_000, 300
_ALIKE, _NEAR_SQUARE = 1.25, 1.8
_IMBALANCED = 1.5
_GREY = 0.9
_MOST_A_PROCESSOR = 50_000
_MANY_CLASSES, _TOP_K = 20, 5


@dataclass(frozen=True)
class Rule:
    """One line of the table.

    Attributes:
        topic: what it decides.
        when: the condition in words.
        then: what is chosen, in words.
        why: for the comment in the recipe; ``{}`` takes what ``told`` returns.
        holds: whether the condition holds, of the facts and the preset.
        values: section -> its values, of the facts.
        told: what ``why`` shows of the facts.
    """

    topic: str
    when: str
    then: str
    why: str
    holds: Callable[[Facts, str], bool]
    values: Callable[[Facts], Values]
    told: Callable[[Facts], str] = lambda facts: ""

    def comment(self, facts: Facts) -> str:
        """Return why, with the numbers of these facts."""
        return self.why.replace("{}", self.told(facts))


def _small(facts: Facts, preset: str = "") -> bool:
    return facts.longer <= SMALL_SIDE


def _short(facts: Facts, preset: str = "") -> bool:
    return _SHORT_LOW <= facts.longer <= _SHORT_HIGH and facts.grey < _GREY and facts.images >= _MANY_SMALL


def _fast(facts: Facts, preset: str) -> bool:
    return preset == "fast"


def _always(facts: Facts, preset: str) -> bool:
    return True


def _backbone(facts: Facts) -> str:
    return "EfficientNetLite1" if facts.images < _FEW else "EfficientNetLite0"


def _pixels(facts: Facts) -> str:
    return f"{facts.width:g}x{facts.height:g}"


def _aspects(facts: Facts) -> str:
    return f"{facts.aspects[0]:g} to {facts.aspects[1]:g}"


NETWORK = (
    Rule(
        "network",
        f"the median image's longer side is {_SHORT_LOW} to {_SHORT_HIGH} pixels, most are in colour, and there are "
        f"{_MANY_SMALL:,} or more",
        "the network and the training of airbench94, as in `cifar10-fast`, at 32 pixels",
        "{} small pictures in colour: airbench94's network and training, as in recipes/cifar10-fast.yaml.",
        _short,
        networks.short,
        lambda facts: f"{facts.images:,}",
    ),
    Rule(
        "network",
        f"the median image's longer side is {SMALL_SIDE} pixels or less",
        "a plain CNN that learns from nothing, with as many poolings as the pixels allow; pictures of "
        f"{networks.DOUBLED} pixels or less are doubled",
        "Pictures of {} pixels are too small for pretrained networks: a plain CNN, from nothing.",
        _small,
        networks.plain,
        _pixels,
    ),
    Rule(
        "network",
        "`--fast`",
        "EfficientNet-Lite0, frozen: a head on its features of unchanged photos, each computed once",
        "EfficientNet-Lite0 as it is: only a head learns. Next: evergreen new without --fast: its layers too.",
        _fast,
        networks.as_they_are,
    ),
    Rule(
        "network",
        "`--best`",
        f"EfficientNet-Lite0, or below {_FEW:,} photos -Lite1, taught by -Lite1 and -Lite2, which learn first, their "
        "later layers too",
        "{}, taught by Lite1 and Lite2 (docs/distillation.md); it stays as small as without.",
        lambda facts, preset: preset == "best",
        lambda facts: networks.taught(facts, _backbone(facts)),
        _backbone,
    ),
    Rule(
        "network",
        f"over {_MOST_A_PROCESSOR:,} photos for each processor",
        "EfficientNet-Lite0, frozen: more would take days",
        "EfficientNet-Lite0 as it is: {} photos are too many to train its layers on so few processors.",
        lambda facts, preset: facts.images > _MOST_A_PROCESSOR * facts.processors,
        networks.frozen,
        lambda facts: f"{facts.images:,}",
    ),
    Rule(
        "network",
        f"fewer than {_FEW:,} photos",
        "EfficientNet-Lite1 at 240 pixels: frozen first, then its later layers",
        "{} photos are few: EfficientNet-Lite1 knows more than Lite0, and costs half as much again.",
        lambda facts, preset: facts.images < _FEW,
        lambda facts: networks.tuned(facts, _backbone(facts)),
        lambda facts: f"{facts.images:,}",
    ),
    Rule(
        "network",
        "photos otherwise",
        "EfficientNet-Lite0 at 224 pixels (160 where the median image's shorter side is below "
        f"{networks.THUMBNAIL}): frozen first, then its later layers, for fewer epochs the more photos there are",
        "EfficientNet-Lite0: small enough for phones. Next: EfficientNetLite1 at 240x240; evergreen new --best.",
        _always,
        lambda facts: networks.tuned(facts, _backbone(facts)),
    ),
)

RESIZE = (
    Rule(
        "resize",
        f"aspect ratios are alike: at the 90th percentile at most {_ALIKE} times that at the 10th",
        "`squash`: all are distorted alike",
        "",
        lambda facts, preset: facts.spread <= _ALIKE,
        lambda facts: {"image": {"resize": "squash"}},
    ),
    Rule(
        "resize",
        f"they differ, and both percentiles lie within 1:{_NEAR_SQUARE} and {_NEAR_SQUARE}:1",
        "`squash`: what is cut off or left empty would cost more than a distortion that augmentation has anyway",
        "Aspect ratios differ ({}); next: crop, pad.",
        lambda facts, preset: facts.aspects[0] >= 1 / _NEAR_SQUARE and facts.aspects[1] <= _NEAR_SQUARE,
        lambda facts: {"image": {"resize": "squash"}},
        _aspects,
    ),
    Rule(
        "resize",
        "they differ by more",
        "`pad`: nothing is cut off and nothing distorted",
        "Aspect ratios differ widely ({}): borders in place of distortion; next: crop, squash.",
        _always,
        lambda facts: {"image": {"resize": "pad"}},
        _aspects,
    ),
)

FLIP = (
    Rule(
        "flip",
        "`--fast`, of photos",
        "no left-right flip, nor any other augmentation, since each would be one more pass through the network",
        "",
        lambda facts, preset: _fast(facts, preset) and not _small(facts),
        lambda facts: {"augment": {"horizontal_flip": False}},
    ),
    Rule(
        "flip",
        "names of classes say sides (left, kiri, arrow-west), or half of them are numbers or letters",
        "no left-right flip",
        "No mirror images: of {} they would be another class or none. If that is wrong: augment.horizontal_flip: true.",
        lambda facts, preset: bool(mirrored(facts.classes)),
        lambda facts: {"augment": {"horizontal_flip": False}},
        lambda facts: _some(mirrored(facts.classes)),
    ),
    Rule(
        "flip",
        "otherwise",
        "left-right flips; with airbench94's training in every other epoch",
        "Mirror images, since no class's name speaks against them. If one would be another class (text, sides): false.",
        _always,
        lambda facts: {"augment": {"horizontal_flip": "alternate" if _short(facts) else True}},
    ),
)

BALANCE = (
    Rule(
        "balance",
        f"the largest class has {_IMBALANCED} times the images of the smallest, or more",
        "class weights, `balanced`",
        "The largest class has {} times the images of the smallest: each counts alike.",
        lambda facts, preset: facts.imbalance >= _IMBALANCED,
        lambda facts: {"balance": {"weights": "balanced"}},
        lambda facts: f"{facts.imbalance:.1f}",
    ),
    Rule("balance", "otherwise", "no weights", "", _always, lambda facts: {}),
)

SPLIT = (
    Rule(
        "split",
        "folders, or a table, say which images are for training and which for test or validation",
        "`predefined`; a missing side is cut from training",
        "As the folders say ({}); a missing side is cut from train.",
        lambda facts, preset: bool(facts.subsets & {"test", "validation"}) and "train" in facts.subsets,
        lambda facts: {"split": {"method": "predefined"}},
        lambda facts: ", ".join(sorted(facts.subsets)),
    ),
    Rule(
        "split",
        f"fewer than {_VERY_FEW} images",
        "`exact`: stratified by class, 20 % for validation and 20 % for test",
        "So few that chance would leave a side without a class. Next, from a few hundred on: stable.",
        lambda facts, preset: facts.images < _VERY_FEW,
        lambda facts: {"split": {"method": "exact", "validation": 0.2, "test": 0.2}},
    ),
    Rule(
        "split",
        "otherwise",
        "`stable`, 15 % and 15 %: no image ever changes sides, so that champions stay comparable as images come",
        "",
        _always,
        lambda facts: {},
    ),
)

GROUPS = (
    Rule(
        "groups",
        "there are folders inside the class folders",
        "they are not kept on one side, and a run says how many lie on several",
        "Folders inside the class folders: if each is a session, a camera or a person, split.group: [folder].",
        lambda facts, preset: facts.grouped,
        lambda facts: {},
    ),
    Rule("groups", "otherwise", "nothing", "", _always, lambda facts: {}),
)

FORMATS = (
    Rule(
        "formats",
        "`--fast`",
        "TFLite in float32",
        "One format, for speed. Next: [savedmodel, tflite-float32, tflite-int8, tfjs].",
        _fast,
        lambda facts: {"export": {"formats": ["tflite-float32"]}},
    ),
    Rule(
        "formats", "otherwise", "SavedModel, TFLite in float32 and int8, TensorFlow.js", "", _always, lambda facts: {}
    ),
)

GATE = (
    Rule(
        "gate",
        f"{_FEW:,} images or more",
        "a challenger may cost no class more than 10 points of recall",
        "A better mean may cost no class over 10 points.",
        lambda facts, preset: facts.images >= _FEW,
        lambda facts: {"gate": {"max_class_drop": 0.1}},
    ),
    Rule(
        "gate",
        "otherwise",
        "the gate's defaults: a class has too few test images for a bar of its own",
        "",
        _always,
        lambda facts: {},
    ),
)

JUDGING = (
    Rule(
        "judging",
        "`--fast`",
        "fewer changed copies of judged images, and no linear probe beside it, which it nearly is",
        "Judged quickly: fewer changed copies, no linear probe. Next: without these two.",
        _fast,
        lambda facts: {"evaluate": {"shortcut_images": 60, "baseline_images": 0}},
    ),
    Rule(
        "judging",
        f"{_MANY_CLASSES} classes or more",
        f"an image also counts as right if its class is among the {_TOP_K} likeliest",
        "With {} classes, the right one among the likeliest five says more.",
        lambda facts, preset: len(facts.counts) >= _MANY_CLASSES,
        lambda facts: {"evaluate": {"top_k": _TOP_K}},
        lambda facts: str(len(facts.counts)),
    ),
    Rule("judging", "otherwise", "the three likeliest", "", _always, lambda facts: {}),
)

FOLDS = (
    Rule(
        "folds",
        "`--best`",
        "five folds beside the model: every image is judged once, by a network that did not see it",
        "Five more networks, to judge every image once; they take five times as long as the model.",
        lambda facts, preset: preset == "best",
        lambda facts: {"evaluate": {"folds": 5}},
    ),
    Rule(
        "folds",
        f"fewer than {_VERY_FEW} images, without `--fast`",
        "five folds beside the model, since so few test images say little",
        "A test of {} images says little: five more networks judge every image once.",
        lambda facts, preset: facts.images < _VERY_FEW and preset != "fast",
        lambda facts: {"evaluate": {"folds": 5}},
        lambda facts: str(round(0.2 * facts.images)),
    ),
    Rule("folds", "otherwise", "none; `evergreen folds NAME --folds 5` at any time", "", _always, lambda facts: {}),
)

TABLE = (NETWORK, RESIZE, FLIP, BALANCE, SPLIT, GROUPS, FORMATS, GATE, JUDGING, FOLDS)


@dataclass(frozen=True)
class Choice:
    """What the rules chose.

    Attributes:
        values: a recipe's sections, without name, title, source and classes.
        rules: the rule of each topic that decided, in the table's order.
        comments: topic -> why, in words; none where there is nothing to say.
    """

    values: dict[str, dict[str, Any]]
    rules: tuple[Rule, ...]
    comments: dict[str, str]


def choose(facts: Facts, preset: str = "default") -> Choice:
    """Apply the table.

    Args:
        facts: of the dataset.
        preset: fast, default or best.
    """
    rules = tuple(next(rule for rule in topic if rule.holds(facts, preset)) for topic in TABLE)
    values: dict[str, dict[str, Any]] = {}
    for rule in rules:
        for section, chosen in rule.values(facts).items():
            values[section] = values.get(section, {}) | chosen
    if not values["augment"]["horizontal_flip"]:
        del values["augment"]["horizontal_flip"]
    comments = {rule.topic: said for rule in rules if (said := rule.comment(facts))}
    return Choice(values, rules, comments)


def _some(names: list[str], most: int = 4) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
