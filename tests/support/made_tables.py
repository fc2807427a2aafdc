"""Tables of datasets whose pictures are but names."""

import hashlib
import json
import re
import shlex
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from evergreen.datasets.repair import Repaired, repair
from evergreen.errors import BadDataset
from evergreen.sections.labels import Labels, Repair

_NAMES = json.loads(Path(__file__).with_name("class_names.json").read_text(encoding="utf-8"))
PLANTVILLAGE, CIFAR100 = _NAMES["PlantVillage"], _NAMES["CIFAR-100"]
# Pairs of names that are two classes whatever a rule says: data, so that no change of the rules may merge one.
NEVER = [(one, other) for one, other in _NAMES["never one class"]]


def table_of(splits: dict[str, list[str]], labels: dict[str, str] | None = None) -> pd.DataFrame:
    """Return a dataset of pictures by name; equal names are equal pixels, and no two hashes are near."""
    names = [(name, split) for split, some in splits.items() for name in some]
    return pd.DataFrame(
        [
            (f"{split}/{number} {name}", (labels or {}).get(name, "cat"), f"pixels {name}", hash_of(name), split)
            for number, (name, split) in enumerate(names)
        ],
        columns=["path", "label", "pixels", "phash", "split"],
    )


def hash_of(name: str) -> str:
    """Return a perceptual hash, 16 hex digits, that is near no other name's."""
    return f"{np.random.default_rng(list(name.encode())).integers(0, 2**63):016x}"


_KINDS = {".txt": "text", ".csv": "text", ".xml": "text", ".md": "text", ".zip": "a zip archive", ".wav": "a sound"}


def files_of(paths: Iterable[str], texts: dict[str, bytes] | None = None) -> pd.DataFrame:
    """Return a table of files, each with content of its own, or the content that is given by its path."""
    known = texts or {}
    rows = [
        (path, digest_of(known[path]) if path in known else f"{index:064x}", 10, "") for index, path in enumerate(paths)
    ]
    return with_kinds(pd.DataFrame(rows, columns=["path", "sha256", "bytes", "archive"]))


def with_kinds(files: pd.DataFrame) -> pd.DataFrame:
    """Return a table of files as unpack writes it, where only paths, digests and sizes matter."""
    kinds = [_KINDS.get(Path(path).suffix.lower(), "image") for path in files["path"]]
    return files.assign(archive=files.get("archive", ""), kind=files.get("kind", pd.Series(kinds, index=files.index)))


def many(counts: dict[str, int]) -> list[str]:
    """Return paths of pictures, as many as each folder has."""
    return [
        f"{folder}/{number:03d}.png".removeprefix("./") for folder, count in counts.items() for number in range(count)
    ]


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def labelled(
    files: pd.DataFrame, settings: Repair | None = None, labels: Labels | None = None, texts: Iterable[bytes] = ()
) -> Repaired:
    """Return what repair makes of files; the bytes of tables are given."""
    known = {digest_of(data): data for data in texts}
    return repair(with_kinds(files), settings or Repair(), labels or Labels(), known.__getitem__)


def counts_of(found: Repaired) -> dict[str, int]:
    """Return class -> files."""
    table = found.dataset[found.dataset["label"] != ""]
    return {name: int(count) for name, count in table["label"].value_counts().items()}


def asked(
    files: pd.DataFrame, settings: Repair | None = None, labels: Labels | None = None, texts: Iterable[bytes] = ()
) -> tuple[str, list[dict[str, int]]]:
    """Return the question that repair asks, and the counts of its readings; each line, pasted, must give its counts."""
    settings, labels, texts = settings or Repair(), labels or Labels(), list(texts)
    with pytest.raises(BadDataset) as refused:
        labelled(files, settings, labels, texts)
    text, readings = str(refused.value), []
    for outcome, line in re.findall(r"^  \d+\. .*?: ([^:\n]*)$.*?or on the command line:  (.*?)$", text, re.M | re.S):
        found = _tried(files, *_pasted(line, settings, labels), texts)
        if outcome == "asks further, in the same way":
            assert "It can be read as follows" in str(found)
            continue
        counts = re.findall(r"(?:^|, )(.*?) ([\d,]+)(?=, |$)", outcome)
        promised = {name: int(count.replace(",", "")) for name, count in counts if count != "0"}
        assert (found if isinstance(found, dict) else {}) == promised, line
        readings.append(promised)
    return text, readings


def _tried(
    files: pd.DataFrame, settings: Repair, labels: Labels, texts: Iterable[bytes]
) -> dict[str, int] | BadDataset:
    """Return class -> images, or what repair says against it."""
    try:
        found = labelled(files, settings, labels, texts)
    except BadDataset as error:
        return error
    images = set(with_kinds(files).query("kind == 'image'")["sha256"])
    return counts_of(replace(found, dataset=found.dataset[found.dataset["sha256"].isin(images)]))


def _pasted(line: str, settings: Repair, labels: Labels) -> tuple[Repair, Labels]:
    """Return the sections as the options of a command line make them."""
    values = {"repair": settings.model_dump(), "labels": labels.model_dump()}
    for option in shlex.split(line):
        if option != "--set":
            path, _, value = option.partition("=")
            section, _, field = path.partition(".")
            values[section][field] = yaml.safe_load(value)
    return Repair(**values["repair"]), Labels(**values["labels"])
