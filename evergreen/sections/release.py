"""Sections about judging, exporting and releasing a model."""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from evergreen.addresses import secret_in
from evergreen.sections.base import Fraction, Section

Format = Literal[
    "keras", "savedmodel", "tflite-float32", "tflite-float16", "tflite-dynamic", "tflite-int8", "tfjs", "tfjs-uint8",
    "tfjs-float16", "onnx", "openvino",
]  # fmt: skip

Served = Literal["tflite-int8", "tflite-float32", "tflite-float16", "tflite-dynamic"]


class Views(Section):
    """What a model is shown of each judged image beside the image itself; its answers are averaged."""

    mirror: bool = Field(False, description="Also the mirror image.")
    shifts: int = Field(
        0, ge=0, le=64, description="Also moved by so many pixels, up and left and down and right, with reflection."
    )


class Evaluate(Section):
    """How a model is judged."""

    top_k: int = Field(
        3, ge=1, le=10, description="Also count an image as right if its class is among the k likeliest."
    )
    unsure_precision: float = Field(
        0.95, gt=0, le=1, description="Share of right answers on validation that answers called sure must reach."
    )
    shortcut_images: int = Field(
        300, ge=0, le=100_000, description="Judged images, stratified, to try blur, noise and the like on; 0: none."
    )
    views: Views = Field(Views(), description="Test-time views, reported apart: exports and gate keep to one look.")
    baseline_images: int = Field(
        5000,
        ge=0,
        le=1_000_000,
        description="Training images, stratified, that a linear probe of the frozen backbone "
        "is fitted on, for a training to beat; 0: no probe.",
    )
    folds: int = Field(
        0,
        ge=0,
        le=50,
        description="Also train so many networks, each on all folds but one, which it is judged on: every image once; "
        "0: none.",
    )

    @field_validator("folds")
    @classmethod
    def _judges_what_was_not_learned(cls, folds: int) -> int:
        if folds == 1:
            raise ValueError("expected 0, or 2 and more: a network is trained on the folds that it is not judged on")
        return folds


class Int8(Section):
    """What tflite-int8 must show on validation images to be exported as it is; below it, it is repaired."""

    min_agreement: Fraction = Field(0.99, description="Share of Keras' top-1 answers below which int8 is repaired.")
    max_accuracy_loss: Fraction = Field(0.005, description="Accuracy lost above which int8 is repaired, as a share.")
    images: int = Field(500, ge=1, le=100_000, description="Validation images, stratified, that judge what is tried.")
    minutes: float = Field(
        10, ge=0, le=1440, description="Time after which nothing else is tried; 0: int8 is neither judged nor repaired."
    )


class Export(Section):
    """Which formats are written."""

    formats: tuple[Format, ...] = Field(
        ("savedmodel", "tflite-float32", "tflite-int8", "tfjs"), min_length=1, description="Formats to export."
    )
    representative_images: int = Field(
        200, ge=10, le=10_000, description="Stratified training images in the representative dataset for quantization."
    )
    int8: Int8 = Field(Int8(), description="When tflite-int8 is repaired, and for how long.")

    @model_validator(mode="after")
    def _each_format_once(self) -> Self:
        if len(set(self.formats)) != len(self.formats):
            raise ValueError("expected every format once")
        return self


class Verify(Section):
    """What an export must show in its own runtime."""

    images: int = Field(500, ge=1, le=1_000_000, description="Test images to run, stratified; all if there are fewer.")
    max_difference: float = Field(1e-3, gt=0, le=1, description="Largest probability difference of a float32 format.")
    min_agreement_float16: Fraction = Field(0.995, description="Least share of equal top-1 answers, 16-bit formats.")
    min_agreement_quantized: Fraction = Field(0.95, description="Least share of equal top-1 answers, 8-bit formats.")
    max_accuracy_loss: Fraction = Field(0.01, description="Most accuracy that an 8-bit format may lose, as a share.")


class Gate(Section):
    """When a model may become the champion."""

    min_accuracy: Fraction = Field(0.0, description="Least test accuracy.")
    min_recall_per_class: Fraction = Field(0.0, description="Least test recall of every class.")
    min_gain: Fraction = Field(0.0, description="Accuracy on shared images must rise by more than this.")
    max_class_drop: Fraction = Field(1.0, description="Most recall that any class may lose on shared images.")
    max_shortcut_loss: Fraction | None = Field(
        None, description="Most accuracy, as a share, that any change of the table of shortcuts may cost; else any may."
    )
    min_images: int = Field(50, ge=1, description="Test images new to the champion that a comparison needs.")
    require_verified: tuple[Format, ...] = Field(
        (), description="Formats that must be verified, by a first champion too."
    )


class Serve(Section):
    """How a champion answers over HTTP."""

    format: Served | None = Field(
        None,
        description="Export format that answers; without it tflite-int8 where it passed its verification, or else the "
        "next of tflite-float32, -float16 and -dynamic that did.",
    )


def refuse_others(gate: Gate, evaluate: Evaluate, export: Export, serve: Serve) -> None:
    """Raise ValueError where one section asks for what another does not give: what is measured, or exported."""
    if serve.format and serve.format not in export.formats:
        wanted = ", ".join((*export.formats, serve.format))
        raise ValueError(
            f"serve.format: expected one of export.formats ({', '.join(export.formats)}), received {serve.format}; add "
            f"it there with --set 'export.formats=[{wanted}]'"
        )
    if gate.max_shortcut_loss is not None and not evaluate.shortcut_images:
        raise ValueError(
            "gate.max_shortcut_loss: expected images to measure it on, received evaluate.shortcut_images: 0; leave one "
            "of the two out"
        )


class RetrainWhen(Section):
    """Thresholds below which a run ends before training; reaching one is enough, and so is another recipe."""

    min_new_share: Fraction = Field(
        0.0, description="Retrain once this share of images is new, or under a new label, since the champion; 0 is off."
    )
    max_age_days: float | None = Field(
        None, gt=0, le=3650, description="Retrain once the champion is this many days old."
    )
    drift: float | None = Field(
        None,
        ge=0.001,
        le=0.5,
        description="Retrain once new images differ from those that the champion was judged by, with a p-value below "
        "this (docs/drift.md); without it, one below 0.01 is told, and trains nothing.",
    )
    drift_images: int = Field(
        500,
        ge=0,
        le=5000,
        description="New images, drawn by seed, that are held against the champion's before training; 0: none are.",
    )

    def has_threshold(self) -> bool:
        """Whether any threshold may end a run before training."""
        return bool(self.min_new_share) or self.max_age_days is not None or self.drift is not None


class Track(Section):
    """Experiment tracking; off unless named."""

    mlflow: Annotated[str, Field(pattern=r"^(https?://|sqlite:///).+")] | None = Field(
        None,
        description="MLflow tracking URI: http(s)://HOST or sqlite:///PATH, without credentials.",
    )
    tensorboard: bool = Field(False, description="Write TensorBoard logs into the run's folder.")

    @model_validator(mode="after")
    def _holds_no_secret(self) -> Self:
        if self.mlflow and (found := secret_in(self.mlflow)):
            raise ValueError(
                f"the URI holds {found}, and recipes are stored and shown: put it into MLFLOW_TRACKING_USERNAME and "
                "MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"
            )
        return self
