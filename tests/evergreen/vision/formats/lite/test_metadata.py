"""evergreen.vision.formats.lite.metadata: what a .tflite says of itself is what its card says, in any script."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from tiny_training import CLASSES

from evergreen.errors import ExportRefused
from evergreen.vision.formats.lite import container, metadata

HOSTILE = (
    "a, b; c", "\"quoted\" 'twice'", "=SUM(A1)", "näïve ß", "猫", "кот", "قطة", "🐈‍⬛", "a\u0085b", "a\u2028b",
    "tab\there", "\\n", "x" * 5000, "%s {0} $1", "<b>&amp;</b>", "0", "-1",
)  # fmt: skip


def _told(*labels: str) -> metadata.Metadata:
    return metadata.Metadata("名", "what", "1", "who", "unknown", labels, 8, 8)


@pytest.fixture
def bare(exports: Any, tmp_path: Path) -> Path:
    """A model whose metadata have another name, so that it has none."""
    copy = tmp_path / "model.tflite"
    data = (exports.folder / "tflite-float32" / "model.tflite").read_bytes()
    copy.write_bytes(data[: data.index(b"PK\x03\x04")].replace(b"TFLITE_METADATA", b"TFLITE_METADAT_"))
    return copy


def test_every_tflite_says_what_its_card_says(exports: Any) -> None:
    names = [name for name in exports.formats if name.startswith("tflite")]
    assert len(names) == 4
    for name in names:
        folder = exports.folder / name
        card = json.loads((folder / "model-card.json").read_text(encoding="utf-8"))
        found = metadata.read(folder / "model.tflite")
        assert found is not None
        assert list(found.labels) == metadata.read_labels(folder / "model.tflite") == CLASSES == card["classes"]
        assert (found.height, found.width, found.pixels, found.scores) == (8, 8, (0, 255), (0, 1))
        assert (found.mean, found.std) == ((0,), (1,))  # pixels go in as they are
        assert (found.name, found.version) == ("evergreen-000000000000", card["made_of"]["model.keras"])
        assert (found.author, found.license.split(":")[0]) == (card["made"]["by"], "unknown")
        assert f"as {card['input']['dtype']}," in found.description
        assert "Accuracy 50.00% on 18 images of the test split" in found.description
        assert found.min_parser_version == "1.0.0"


def test_labels_of_any_script_and_punctuation_come_back_as_they_were(bare: Path) -> None:
    assert metadata.read(bare) is None
    assert metadata.read_labels(bare) is None
    told = _told(*HOSTILE)
    metadata.write(bare, told)
    assert metadata.read(bare) == told
    # A reader that knows lines alone finds the same.
    assert container.files_of(bare)["labels.txt"].decode().split("\n") == [*HOSTILE, ""]


def test_a_line_break_in_a_name_is_refused_and_nothing_is_written(bare: Path) -> None:
    before = bare.read_bytes()
    with pytest.raises(ExportRefused, match="expected class names of one line each"):
        metadata.write(bare, _told("a", "b\nc"))
    assert bare.read_bytes() == before


def test_metadata_that_are_not_those_of_a_classifier_are_an_error_never_no_labels(bare: Path, tmp_path: Path) -> None:
    whole = bare.read_bytes()
    for value in (b"", b"garbage" * 9, bytes(64)):
        bare.write_bytes(container.with_metadata(whole, "TFLITE_METADATA", value))
        with pytest.raises(ExportRefused, match="expected TFLite metadata of an image classifier"):
            metadata.read(bare)
    # Labels that it names, and that are cut off.
    bare.write_bytes(whole)
    metadata.write(bare, _told("a", "b"))
    cut = bare.read_bytes()
    (tmp_path / "cut.tflite").write_bytes(cut[: cut.index(b"PK\x03\x04")])
    with pytest.raises(ExportRefused, match=r"cut.tflite: expected TFLite metadata"):
        metadata.read(tmp_path / "cut.tflite")


def test_the_same_metadata_give_the_same_bytes(bare: Path, tmp_path: Path) -> None:
    other = Path(shutil.copyfile(bare, tmp_path / "other.tflite"))
    for path in (bare, other):
        metadata.write(path, dataclasses.replace(_told("a", "b"), author="me"))
    assert bare.read_bytes() == other.read_bytes()
