"""What people call the fields of a recipe who know other tools: one table, with what becomes of the value."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_HUNDRED = 100


@dataclass(frozen=True)
class Meant:
    """The fields that a word means.

    Attributes:
        paths: dotted; of a list the first item.
        values: from what was given to a value for each of them, or None if it says nothing of them; without, what was
            given is the value of each.
    """

    paths: tuple[str, ...]
    values: Callable[[Any], Sequence[Any] | None] | None = None

    @property
    def locations(self) -> list[tuple[int | str, ...]]:
        """The paths, in parts."""
        return [location_of(path) for path in self.paths]

    def given(self, value: Any) -> list[tuple[str, Any]] | None:
        """Return each path with its value; None if the value says nothing of them."""
        values = [value] * len(self.paths) if self.values is None else self.values(value)
        return None if values is None else list(zip(self.paths, values, strict=True))


def location_of(dotted: str) -> tuple[int | str, ...]:
    """Return a dotted path in parts, items of lists as numbers."""
    return tuple(int(part) if part.isdigit() else part for part in dotted.split("."))


def _sides(value: Any) -> Sequence[Any] | None:
    """Height and width: of 224, 224x160, [224, 160] or [224, 160, 3]."""
    numbers = re.findall(r"\d+", value) if isinstance(value, str) else value
    if isinstance(numbers, int) and not isinstance(numbers, bool):
        return [numbers, numbers]
    if not isinstance(numbers, list) or not numbers:
        return None
    return [int(number) for number in (numbers * 2 if len(numbers) == 1 else numbers)[:2]]


def _share(value: Any) -> Sequence[Any] | None:
    """A share of 1, also of 20, 20% and "0,2"."""
    return None if (number := as_number(value)) is None else [number / _HUNDRED if number > 1 else number]


def _rest(value: Any) -> Sequence[Any] | None:
    """Validation's and test's shares, of training's: half of what is left each."""
    share = _share(value)
    return None if share is None else [round((1 - share[0]) / 2, 4)] * 2


def _items(value: Any) -> Sequence[Any] | None:
    """A list, also of a single word and of words with commas between them."""
    if isinstance(value, str):
        return [[word.strip() for word in value.split(",")]]
    return [value] if isinstance(value, list) else None


def _factors(value: Any) -> Sequence[Any] | None:
    """A range of factors around 1, of its half width."""
    number = as_number(value)
    return [value] if number is None else [[round(1 - number, 4), round(1 + number, 4)]]


def _pretrained(value: Any) -> Sequence[Any] | None:
    return ["imagenet" if value else "none"] if isinstance(value, bool) else [value]


def _some_weights(value: Any) -> Sequence[Any] | None:
    return ["balanced" if value is True else "none" if value is False else value]


def _square(value: Any) -> Sequence[Any] | None:
    """Cutout, of the side of its square."""
    return [{"probability": 1, "size": value}] if isinstance(value, int) and not isinstance(value, bool) else None


def _lowest(value: Any) -> Sequence[Any] | None:
    """The lower end of a range, also of a number alone."""
    return [value[0] if isinstance(value, list) and value else value]


def _frozen(value: Any) -> Sequence[Any] | None:
    return ["none" if value else "all"] if isinstance(value, bool) else None


def as_number(value: Any) -> float | None:
    """Return the number that a value is, or that a text says: 3, "3", "20%", "0,5"; None if it says none."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    found = re.fullmatch(r"\s*(-?\d+(?:[.,]\d+)?)\s*(%?)\s*", value) if isinstance(value, str) else None
    if found is None:
        return None
    number = float(found[1].replace(",", "."))
    number = number / _HUNDRED if found[2] else number
    return int(number) if number.is_integer() else number


_PHASE = "train.phases.0"
_SIZE = Meant(("image.height", "image.width"), _sides)
_EPOCHS, _RATE, _BATCH = Meant((f"{_PHASE}.epochs",)), Meant((f"{_PHASE}.learning_rate",)), Meant((f"{_PHASE}.batch",))
_BACKBONE, _DROPOUT = Meant(("train.backbone",)), Meant(("train.head.dropout",))
_FLIP, _VERTICAL = Meant(("augment.horizontal_flip",)), Meant(("augment.vertical_flip",))
_CLASSES, _FOLDS, _FORMATS = (
    Meant(("repair.classes",), _items),
    Meant(("evaluate.folds",)),
    Meant(("export.formats",), _items),
)
_VALIDATION, _TEST = Meant(("split.validation",), _share), Meant(("split.test",), _share)
_SEED, _BALANCE = Meant(("seed",)), Meant(("balance.weights",), _some_weights)
_PATIENCE, _MINUTES = Meant((f"{_PHASE}.early_stopping.patience",)), Meant(("train.time_limit_minutes",))
_SHIFT = Meant(("augment.width_shift", "augment.height_shift"))
# A word that stands for the whole section "source"; its value is what --source takes.
SOURCE = Meant(("source",))

# A word alone, and after a section where it means something else there than elsewhere.
SYNONYMS: Mapping[str, Meant] = {
    **dict.fromkeys(("epochs", "epoch", "num_epochs", "n_epochs", "max_epochs", "nb_epochs"), _EPOCHS),
    **dict.fromkeys(("lr", "learning_rate", "lr0", "base_lr", "initial_lr"), _RATE),
    **dict.fromkeys(("batch_size", "batch", "bs", "batchsize", "minibatch"), _BATCH),
    **dict.fromkeys(("optimizer", "optim", "optimiser"), Meant((f"{_PHASE}.optimizer",))),
    **dict.fromkeys(("schedule", "scheduler", "lr_schedule", "lr_scheduler"), Meant((f"{_PHASE}.schedule",))),
    **dict.fromkeys(("warmup", "warm_up", "warmup_ratio"), Meant((f"{_PHASE}.warmup",))),
    **dict.fromkeys(("weight_decay", "wd"), Meant((f"{_PHASE}.weight_decay",))),
    **dict.fromkeys(("momentum",), Meant((f"{_PHASE}.momentum",))),
    **dict.fromkeys(("ema", "ema_decay"), Meant((f"{_PHASE}.ema_momentum",))),
    **dict.fromkeys(("patience", "early_stopping", "early_stop", "earlystopping"), _PATIENCE),
    **dict.fromkeys(("unfreeze", "trainable_layers", "fine_tune_layers"), Meant((f"{_PHASE}.unfreeze",))),
    **dict.fromkeys(("freeze", "frozen", "freeze_backbone"), Meant((f"{_PHASE}.unfreeze",), _frozen)),
    **dict.fromkeys(("model", "backbone", "network", "net", "arch", "architecture", "base_model"), _BACKBONE),
    **dict.fromkeys(("weights", "pretrained"), Meant(("train.weights",), _pretrained)),
    **dict.fromkeys(("dropout", "dropout_rate", "drop_rate"), _DROPOUT),
    **dict.fromkeys(("pooling", "global_pool", "pool"), Meant(("train.head.pooling",))),
    **dict.fromkeys(("time_limit", "minutes", "max_minutes", "max_time"), _MINUTES),
    **dict.fromkeys(("smoothing", "label_smooth"), Meant(("train.label_smoothing",))),
    **dict.fromkeys(("focal_loss",), Meant(("train.focal",))),
    **dict.fromkeys(("num_threads", "cpus"), Meant(("train.threads",))),
    **dict.fromkeys(("distill", "distillation"), Meant(("train.teacher",))),
    **dict.fromkeys(
        ("size", "image_size", "img_size", "imgsz", "input_size", "input_shape", "resolution", "target_size", "shape"),
        _SIZE,
    ),
    "image": _SIZE,
    **dict.fromkeys(("resize_mode", "resize_method", "fit"), Meant(("image.resize",))),
    **dict.fromkeys(("filter", "resample", "resampling"), Meant(("image.interpolation",))),
    **dict.fromkeys(("flip", "hflip", "fliplr", "mirror", "horizontal", "flip_horizontal", "random_flip"), _FLIP),
    **dict.fromkeys(("vflip", "flipud", "vertical", "flip_vertical"), _VERTICAL),
    **dict.fromkeys(("rotate", "rotation_range", "degrees", "random_rotation"), Meant(("augment.rotation",))),
    **dict.fromkeys(("shift", "translation"), _SHIFT),
    "width_shift_range": Meant(("augment.width_shift",)),
    "height_shift_range": Meant(("augment.height_shift",)),
    "zoom_range": Meant(("augment.zoom",)),
    "shear_range": Meant(("augment.shear",)),
    **dict.fromkeys(("brightness", "brightness_range"), Meant(("augment.brightness",), _factors)),
    **dict.fromkeys(("randaugment", "randaug"), Meant(("augment.rand_augment",))),
    **dict.fromkeys(("gray", "grayscale", "greyscale", "random_grayscale", "to_gray"), Meant(("augment.grey",))),
    **dict.fromkeys(("gaussian_blur", "random_gaussian_blur"), Meant(("augment.blur",))),
    **dict.fromkeys(("gaussian_noise", "gauss_noise"), Meant(("augment.noise",))),
    **dict.fromkeys(("jpeg_quality", "image_compression"), Meant(("augment.jpeg",), _lowest)),
    "cutout": Meant(("augment.erasing",), _square),
    **dict.fromkeys(("strength", "augmentation", "augmentations"), Meant(("augment.magnitude",))),
    **dict.fromkeys(("classes", "class_names", "labels", "label_names", "categories"), _CLASSES),
    **dict.fromkeys(("exclude", "ignore", "skip"), Meant(("repair.leave_out",), _items)),
    **dict.fromkeys(("val", "valid", "validation", "val_split", "validation_split", "val_size"), _VALIDATION),
    **dict.fromkeys(("test", "test_split", "test_size", "holdout"), _TEST),
    "train_split": (halves := Meant(("split.validation", "split.test"), _rest)),
    **dict.fromkeys(("split.train", "train_size"), halves),
    **dict.fromkeys(("class_weight", "class_weights", "balanced", "weighting"), _BALANCE),
    **dict.fromkeys(
        ("oversample", "oversampling", "over_sample"),
        Meant(("balance.weights", "balance.oversample"), lambda value: ["none", value]),
    ),
    **dict.fromkeys(("folds", "k_fold", "k_folds", "kfold", "kfolds", "cv", "n_splits", "cross_validation"), _FOLDS),
    **dict.fromkeys(("tta", "test_time_augmentation"), Meant(("evaluate.views.mirror",))),
    **dict.fromkeys(("k", "topk"), Meant(("evaluate.top_k",))),
    **dict.fromkeys(("format", "formats", "export", "exports"), _FORMATS),
    **dict.fromkeys(("min_acc", "least_accuracy", "accuracy_threshold"), Meant(("gate.min_accuracy",))),
    **dict.fromkeys(("random_state", "random_seed", "rng", "rng_seed"), _SEED),
    **dict.fromkeys(("description", "desc"), Meant(("title",))),
    **dict.fromkeys(("mlflow_uri", "tracking_uri"), Meant(("track.mlflow",))),
    **dict.fromkeys(("max_mp", "megapixels"), Meant(("screen.max_megapixels",))),
    **dict.fromkeys(("duplicates", "near_duplicates", "dedup"), Meant(("screen.near_duplicate_bits",))),
    **dict.fromkeys(("data", "dataset", "data_dir", "data_path", "folder", "directory", "dir", "photos"), SOURCE),
    **dict.fromkeys(("images", "image_dir", "url", "path", "archive", "zip"), SOURCE),
}

# What is meant where a single value stands in place of a section.
VALUE_OF: Mapping[str, Meant | tuple[Meant, ...]] = {
    "image": Meant(("height", "width"), _sides),
    "train": Meant(("backbone",)),
    "train.phases.0": Meant(("epochs",)),
    "train.head": (Meant(("pooling",)), Meant(("dropout",))),
    "train.head.dense.0": Meant(("units",)),
    "train.cnn.0": Meant(("filters",)),
    "train.stop_when": Meant(("accuracy", "val_accuracy")),
    "train.teacher": Meant(("recipe",)),
    "train.phases.0.early_stopping": Meant(("patience",)),
    "train.phases.0.reduce_on_plateau": Meant(("patience",)),
    "augment": Meant(("magnitude",)),
    "augment.rand_augment": Meant(("magnitude",)),
    "augment.erasing": Meant(("probability",)),
    "balance": Meant(("weights",), _some_weights),
    "export": Meant(("formats",), _items),
    "evaluate.views": Meant(("mirror",)),
    "gate": Meant(("min_accuracy",)),
    "labels": Meant(("table", "file", "label"), lambda table: [table, "file", "label"]),
    "repair": Meant(("classes",), _items),
    "track": Meant(("mlflow",)),
    "split": Meant(("test",), _share),
}


def meant_by(section: str, key: str) -> Meant | None:
    """Return the fields that a key means which its section does not have; None if no table knows it.

    Args:
        section: dotted, as in ``train``; empty at the top.
        key: what stands there.
    """
    word = re.sub(r"[^a-z0-9]+", "_", key.lower()).strip("_")
    return SYNONYMS.get(f"{section}.{word}" if section else word) or SYNONYMS.get(word)
