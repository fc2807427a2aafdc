"""The file of a TFLite model: a FlatBuffer with named metadata in it, and a zip of associated files behind it.

Weights stay as they are, byte for byte and in line as they were: a new root is put before the old model, and points to
its tables and buffers. The metadata writers of TensorFlow Lite Support and MediaPipe make the whole model anew from
objects in Python instead, which moves every buffer to any address, where the schema asks for one that 16 divides.
"""

import zipfile
from pathlib import Path
from typing import Any

from evergreen.errors import ExportRefused

_ALIGNMENT = 16  # of buffers: force_align in TensorFlow Lite's schema.fbs
_IDENTIFIER = b"TFL3"
# The fields of the table Model, in the schema's order; all but the version are references.
_VERSION, _BUFFERS, _METADATA, _FIELDS = 0, 4, 6, 10
_THE_SAME_DAY = (1980, 1, 1, 0, 0, 0)  # so that the same files give the same bytes


def with_metadata(model: bytes, name: str, value: bytes) -> bytes:
    """Return a TFLite model that carries one more named value.

    Args:
        model: a TFLite model, without anything behind it.
        name: of the value.
        value: its bytes; they come to lie at an address that 16 divides.

    Raises:
        ExportRefused: it is no TFLite model, has a value of that name, or fields that are not known here.
    """
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    old = _opened(model)
    if metadata(model, name) is not None:
        raise ExportRefused(f"expected a TFLite model without metadata {name!r}, it has some")
    model = model.ljust(-(-len(model) // _ALIGNMENT) * _ALIGNMENT, b"\0")
    # FlatBuffers are built from their end to their front: the old model is what has been built so far.
    builder = flatbuffers.Builder(len(model) + len(value) + 65536)
    builder.head -= len(model)
    builder.Bytes[builder.head :] = model
    builder.minalign = _ALIGNMENT
    kept = {field: len(model) - place for field, place in _references(old).items()}
    buffers = [len(model) - old.Buffers(index)._tab.Pos for index in range(old.BuffersLength())]
    entries = [len(model) - old.Metadata(index)._tab.Pos for index in range(old.MetadataLength())]

    builder.StartVector(1, len(value), _ALIGNMENT)
    builder.head -= len(value)
    builder.Bytes[builder.head : builder.head + len(value)] = value
    data = builder.EndVector()
    schema.BufferStart(builder)
    schema.BufferAddData(builder, data)
    buffers.append(schema.BufferEnd(builder))
    said = builder.CreateString(name)
    schema.MetadataStart(builder)
    schema.MetadataAddName(builder, said)
    schema.MetadataAddBuffer(builder, len(buffers) - 1)
    entries.append(schema.MetadataEnd(builder))
    kept |= {_BUFFERS: _vector(builder, buffers), _METADATA: _vector(builder, entries)}
    builder.StartObject(_FIELDS)
    builder.PrependUint32Slot(_VERSION, old.Version(), 0)
    for field, offset in kept.items():
        builder.PrependUOffsetTRelativeSlot(field, offset, 0)
    builder.Finish(builder.EndObject(), _IDENTIFIER)
    return bytes(builder.Output())


def metadata(model: bytes, name: str) -> bytes | None:
    """Return a named value of a TFLite model, or None if it has none of that name.

    Raises:
        ExportRefused: it is no TFLite model.
    """
    found = _opened(model)
    for index in range(found.MetadataLength()):
        entry = found.Metadata(index)
        if entry.Name() == name.encode():
            value = found.Buffers(entry.Buffer()).DataAsNumpy()
            return b"" if isinstance(value, int) else bytes(value)
    return None


def add_files(path: Path, files: dict[str, bytes]) -> None:
    """Put associated files behind the model in a ``.tflite``, as a zip that is not compressed: readers map it.

    Args:
        path: the ``.tflite``.
        files: name -> bytes.
    """
    with zipfile.ZipFile(path, "a", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, _THE_SAME_DAY), data)


def files_of(path: Path) -> dict[str, bytes]:
    """Return the associated files of a ``.tflite``, by name."""
    if not zipfile.is_zipfile(path):
        return {}
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _opened(model: bytes) -> Any:
    from ai_edge_litert import schema_py_generated as schema

    if not schema.Model.ModelBufferHasIdentifier(model, 0):
        raise ExportRefused(
            f"expected a TFLite model, which has {_IDENTIFIER.decode()} at byte 4; it has {model[4:8]!r}"
        )
    return schema.Model.GetRootAs(model, 0)


def _references(old: Any) -> dict[int, int]:
    """Return where in the old model lies what each field of its root refers to."""
    from flatbuffers.number_types import SOffsetTFlags, VOffsetTFlags

    table = old._tab
    its_layout = table.Pos - table.Get(SOffsetTFlags, table.Pos)
    known = (table.Get(VOffsetTFlags, its_layout) - 4) // 2
    if known > _FIELDS:
        raise ExportRefused(f"expected a TFLite model of at most {_FIELDS} fields, received {known}: a newer schema")
    offsets = {field: table.Offset(4 + 2 * field) for field in range(known) if field != _VERSION}
    return {field: table.Indirect(table.Pos + offset) for field, offset in offsets.items() if offset}


def _vector(builder: Any, offsets: list[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    end: int = builder.EndVector()
    return end
