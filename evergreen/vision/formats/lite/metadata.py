"""TFLite metadata of an image classifier: what it is, what it takes, what it answers, and its labels.

The schema is TensorFlow Lite's metadata_schema.fbs (``metadata_schema.py``); MediaPipe Tasks, TensorFlow Lite Support,
Android Studio and Netron read it. Why there is no score calibration: docs/decisions/0023.
"""

import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evergreen.errors import ExportRefused
from evergreen.vision.formats.contract import LABELS
from evergreen.vision.formats.lite import container

_NAME = "TFLITE_METADATA"
_IDENTIFIER = b"M001"
# The newest of the fields below has been in the schema since its first version.
_MIN_PARSER_VERSION = "1.0.0"


@dataclass(frozen=True)
class Metadata:
    """What a ``.tflite`` of ours says of itself.

    Attributes:
        name: of the model.
        description: what it answers and what it takes, in words.
        version: of the model.
        author: who made it.
        license: under which license it is.
        labels: class names in the order of the scores.
        height: of the images that it takes, in pixels.
        width: likewise.
        mean: what is taken from each value of a pixel before the model gets it.
        std: what the rest is divided by.
        pixels: smallest and largest value that the model then gets.
        scores: smallest and largest value that it answers with.
        min_parser_version: the oldest version of the schema whose readers understand all of it.
    """

    name: str
    description: str
    version: str
    author: str
    license: str
    labels: tuple[str, ...]
    height: int
    width: int
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    pixels: tuple[float, float] = (0.0, 255.0)
    scores: tuple[float, float] = (0.0, 1.0)
    min_parser_version: str = _MIN_PARSER_VERSION


def write(path: Path, told: Metadata) -> None:
    """Put metadata and labels into a ``.tflite`` that has none.

    Args:
        path: the file.
        told: what it is to say.

    Raises:
        ExportRefused: it is no TFLite model, has metadata already, or a label has a line break in it.
    """
    broken = [label for label in told.labels if "\n" in label]
    if broken:
        raise ExportRefused(f"expected class names of one line each, which {LABELS} can hold; received {broken}")
    path.write_bytes(container.with_metadata(path.read_bytes(), _NAME, _packed(told)))
    container.add_files(path, {LABELS: "".join(f"{label}\n" for label in told.labels).encode()})


def read(path: Path) -> Metadata | None:
    """Return what a ``.tflite`` says of itself, or None if it has no metadata. TensorFlow is not needed.

    Raises:
        ExportRefused: it is no TFLite model, or its metadata are not those of an image classifier with labels.
    """
    schema = _schema()
    value = container.metadata(path.read_bytes(), _NAME)
    if value is None:
        return None
    try:
        found = schema.ModelMetadataT.InitFromPackedBuf(value, 0)
        (graph,) = found.subgraphMetadata
        (source,), (sink,) = graph.inputTensorMetadata, graph.outputTensorMetadata
        (unit,) = source.processUnits
        size = source.content.contentProperties.defaultSize
        return Metadata(
            name=_text(found.name),
            description=_text(found.description),
            version=_text(found.version),
            author=_text(found.author),
            license=_text(found.license),
            labels=_labels(path, sink, schema),
            height=size.height,
            width=size.width,
            mean=tuple(map(float, unit.options.mean)),
            std=tuple(map(float, unit.options.std)),
            pixels=(float(source.stats.min[0]), float(source.stats.max[0])),
            scores=(float(sink.stats.min[0]), float(sink.stats.max[0])),
            min_parser_version=_text(found.minParserVersion),
        )
    except (AttributeError, TypeError, ValueError, KeyError, IndexError, struct.error, zipfile.BadZipFile) as error:
        raise ExportRefused(
            f"{path.name}: expected TFLite metadata of an image classifier with one input, one output and labels, "
            f"they cannot be read as that: {type(error).__name__}: {error}"
        ) from error


def read_labels(path: Path) -> list[str] | None:
    """Return the class names that a ``.tflite`` carries, in order, or None if it has no metadata.

    Raises:
        ExportRefused: as ``read``.
    """
    found = read(path)
    return list(found.labels) if found else None


def _labels(path: Path, sink: Any, schema: Any) -> tuple[str, ...]:
    wanted = schema.AssociatedFileType.TENSOR_AXIS_LABELS
    (name,) = [_text(file.name) for file in sink.associatedFiles if file.type == wanted]
    # Not splitlines: readers elsewhere end a label at a line feed alone.
    return tuple(container.files_of(path)[name].decode().removesuffix("\n").split("\n"))


def _packed(told: Metadata) -> bytes:
    import flatbuffers

    schema = _schema()
    size = schema.ImageSizeT(width=told.width, height=told.height)
    picture = schema.ImagePropertiesT(colorSpace=schema.ColorSpaceType.RGB, defaultSize=size)
    normalization = schema.NormalizationOptionsT(mean=list(told.mean), std=list(told.std))
    source = schema.TensorMetadataT(
        name="image",
        description=f"One image of {told.height} x {told.width} pixels, RGB, each value {told.pixels[0]:g} to "
        f"{told.pixels[1]:g}: as decoded, without other preprocessing.",
        content=schema.ContentT(
            contentPropertiesType=schema.ContentProperties.ImageProperties, contentProperties=picture
        ),
        processUnits=[
            schema.ProcessUnitT(optionsType=schema.ProcessUnitOptions.NormalizationOptions, options=normalization)
        ],
        stats=schema.StatsT(min=[told.pixels[0]], max=[told.pixels[1]]),
    )
    sink = schema.TensorMetadataT(
        name="scores",
        description=f"The probability of each class, in the order of {LABELS}.",
        content=schema.ContentT(
            contentPropertiesType=schema.ContentProperties.FeatureProperties,
            contentProperties=schema.FeaturePropertiesT(),
        ),
        stats=schema.StatsT(min=[told.scores[0]], max=[told.scores[1]]),
        associatedFiles=[
            schema.AssociatedFileT(
                name=LABELS,
                description="Class names in the order of the scores, one a line.",
                type=schema.AssociatedFileType.TENSOR_AXIS_LABELS,
            )
        ],
    )
    graph = schema.SubGraphMetadataT(inputTensorMetadata=[source], outputTensorMetadata=[sink])
    whole = schema.ModelMetadataT(
        name=told.name,
        description=told.description,
        version=told.version,
        author=told.author,
        license=told.license,
        subgraphMetadata=[graph],
        minParserVersion=told.min_parser_version,
    )
    builder = flatbuffers.Builder(4096)
    builder.Finish(whole.Pack(builder), _IDENTIFIER)
    return bytes(builder.Output())


def _text(value: bytes | str | None) -> str:
    return value.decode() if isinstance(value, bytes) else value or ""


def _schema() -> Any:
    from evergreen.vision.formats.lite import metadata_schema

    return metadata_schema
