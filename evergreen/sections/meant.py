"""Which source a person means who names it in one word: a path, or an address of some scheme."""

import difflib
import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from evergreen.addresses import redacted
from evergreen.errors import BadRecipe
from evergreen.paths import is_folder, is_there, path_of

# Two letters and more, so that a Windows drive is none.
_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+):(//)?(.*)", re.IGNORECASE | re.DOTALL)
_FILE = re.compile(r"file:(?://([^/]*))?(/.*)", re.IGNORECASE | re.DOTALL)
_KAGGLE = re.compile(r"/*(?:datasets/)?([\w-]+/[\w-]+)(?:/versions/([1-9]\d*))?/*")
_KAGGLE_PAGE = re.compile(r"https?://(?:www\.)?kaggle\.com/datasets/([^?#]*)(?:[?#].*)?", re.IGNORECASE)

_SIGNED = "name the address that it gives without its query, and put the query into source.http.files.query"
_ADVICE = {
    "s3": f"sign it (aws s3 presign s3://BUCKET/KEY), {_SIGNED}; or fetch it (aws s3 cp) and name the file",
    "gs": f"sign it (gcloud storage sign-url gs://BUCKET/OBJECT), {_SIGNED}; or fetch it (gcloud storage cp) and name "
    "the file",
    "hf": "name one file as https://huggingface.co/datasets/OWNER/NAME/resolve/main/FILE; or fetch all (hf download "
    "OWNER/NAME --repo-type dataset --local-dir FOLDER) and name the folder",
}
_WORKS = "What works: a path, https://, file:///PATH, kaggle:OWNER/DATASET"


def source_meant(text: str) -> dict[str, Any]:
    """Return a recipe's section ``source`` for a word on the command line.

    Args:
        text: a path; ``http(s)://``; ``file:///`` with percent-encoding as in RFC 8089; ``kaggle:owner/dataset``,
            ``kaggle:owner/dataset/versions/7``, or the address of the dataset's page. A path that looks like one of
            these begins with ``./``.

    Raises:
        BadRecipe: the word is empty, there is nothing at the path, or such addresses are not fetched; no secret of it
            is shown.
    """
    if not text.strip():  # a variable that is not set; Path("") would be the working folder
        raise BadRecipe(f"--source: expected where the images are, received nothing. {_WORKS}")
    if page := _KAGGLE_PAGE.fullmatch(text):
        return _kaggle(page[1], text)
    found = _ADDRESS.fullmatch(text)
    scheme = found[1].lower() if found else ""
    if found and scheme in ("http", "https"):
        return {"http": {"files": [{"url": f"{scheme}:{found[2] or ''}{found[3]}"}]}}
    if is_file_address(text):
        return _local(local_path_in(text), text)
    if found and scheme == "kaggle":
        return _kaggle(found[3], text)
    if why := _why_not_fetched(text):
        raise BadRecipe(f"--source: {why}. {_WORKS}")
    return _local(path_of(text), text)


def sources_meant(words: Sequence[str]) -> dict[str, Any] | list[dict[str, Any]]:
    """Return a recipe's section ``source`` for one word or more, as ``source_meant`` takes each; several are a list.

    Raises:
        BadRecipe: as ``source_meant``.
    """
    meant = [source_meant(text) for text in words]
    return meant if len(meant) > 1 else meant[0]


def is_file_address(text: str) -> bool:
    """Whether a word is an address of scheme ``file``."""
    return text[:5].lower() == "file:"


def local_path_in(address: str) -> Path:
    """Return the path in an address of scheme ``file``.

    Raises:
        BadRecipe: it names another host, no absolute path, or an impossible one.
    """
    found = _FILE.fullmatch(address)
    if not found:
        raise BadRecipe(f"expected file:///ABSOLUTE/PATH, received {redacted(address)}")
    if (found[1] or "").lower() not in ("", "localhost"):
        raise BadRecipe(
            f"{redacted(address)}: expected a file on this machine (file:///PATH), received one on another host: mount "
            "that host's folder and name the path, or name an https address"
        )
    path = os.fsdecode(unquote_to_bytes(os.fsencode(found[2])))
    if "\0" in path:
        raise BadRecipe(f"expected the path of a file, received an impossible one: {redacted(address)}")
    return Path(path)


def why_not_http(url: str) -> str | None:
    """Return why something in place of an http(s) address cannot be fetched, and what to do, or None if it can."""
    if re.match(r"https?://[^/?#\s]", url):
        return None
    elsewhere = None if re.match(r"https?:", url, re.IGNORECASE) else _why_not_fetched(url)
    return elsewhere or "expected an address as https://HOST/PATH"


def why_not_local(path: str) -> str | None:
    """Return why something in place of a path is none, and what to do, or None if it may be one."""
    found = _ADDRESS.fullmatch(path)
    return _why_not_fetched(path) if found and found[2] else None


def _why_not_fetched(text: str) -> str | None:
    """Return what to do about an address of a scheme that has another section in a recipe, or none."""
    found = _ADDRESS.fullmatch(text)
    scheme = found[1].lower() if found else ""
    if scheme in ("http", "https"):
        return "an address as https://HOST/PATH belongs into source.http.files"
    if scheme == "file":
        return "a file of this machine belongs into source.local.path, as a path"
    if scheme == "kaggle":
        return "a dataset of Kaggle belongs into source.kaggle.dataset, as OWNER/DATASET"
    if found and (found[2] or scheme in _ADVICE):
        return f"{scheme}:// is not fetched: {_ADVICE.get(scheme, 'fetch it yourself and name the file or folder')}"
    return None


def _kaggle(named: str, text: str) -> dict[str, Any]:
    found = _KAGGLE.fullmatch(named)
    if not found:
        raise BadRecipe(
            "--source: expected kaggle:OWNER/DATASET as in the address of the dataset's page, or "
            f"kaggle:OWNER/DATASET/versions/NUMBER, received {redacted(text)}"
        )
    return {"kaggle": {"dataset": found[1]} | ({"version": int(found[2])} if found[2] else {})}


def _near(path: Path) -> str:
    """Return, as a line to type, what lies beside a path that is not there and is called much like it; or nothing."""
    folder = path.absolute().parent
    beside = [one.name for one in folder.iterdir()] if is_folder(folder) else []
    there = {name.lower(): name for name in beside if not name.startswith(".")}
    from evergreen.sections.refusing.told import TRY  # late: it knows the sections, and they know this module

    near = difflib.get_close_matches(path.name.lower(), there, n=1)
    return f"\n{TRY}--source {shlex.quote(str(path.with_name(there[near[0]])))}" if near else ""


def _local(path: Path, text: str) -> dict[str, Any]:
    if not is_there(path):
        told = f"--source: expected a file, folder or address, found nothing at {redacted(text)}. {_WORKS}"
        raise BadRecipe(f"{told}{_near(path)}")
    return {"local": {"path": str(path.resolve())}}
