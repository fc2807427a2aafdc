"""A bucket of S3, or of any server that speaks it, as a remote: by obstore, an extra.

Endpoint, region and keys come from the environment, as every tool of S3 reads them (``AWS_ENDPOINT_URL``,
``AWS_REGION``, ``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY``, ``AWS_SESSION_TOKEN``; where there are none, those of
the machine). What obstore says of an error is never passed on: it holds the server's answer, and that may name keys.
"""

import contextlib
import ipaddress
import os
import re
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from storage.errors import (
    BadReference,
    RemoteAbsent,
    RemoteError,
    RemoteFull,
    RemoteRefused,
    RemoteUnreachable,
)
from storage.remote.objects import Found

INSTALL = "pip install -r requirements-remote.lock (make setup EXTRAS=remote)"
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
# As the server says it, and as obstore does of one object of many that were to be deleted.
_CODE = re.compile(r"(?:<Code>|\(code: )([A-Za-z]{1,60})(?:</Code>|\))")
_STATUS = re.compile(r"status code: (\d{3})")
_NO_BUCKET = ("NoSuchBucket", "InvalidBucketName", "PermanentRedirect")
_FULL = ("EntityTooLarge", "QuotaExceeded", "XMinioStorageFull", "InsufficientStorage", "TooManyBuckets")
_BAD_KEYS = (
    "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "AllAccessDisabled",
)  # fmt: skip
_RETRIES = 3
_PART = 16 * 2**20
# Above it, an object goes up in parts, which cannot be told to be new: for what is named by its digest it need not.
_IN_ONE_PIECE = 64 * 2**20


class Bucket:
    """Objects below a prefix of a bucket. Constructing it asks nobody."""

    def __init__(self, bucket: str, prefix: str) -> None:
        """Read the environment.

        Raises:
            BadReference: the endpoint is no address, or is asked without TLS and is not this machine.
            RemoteRefused: obstore is not installed.
        """
        self._address = f"s3://{bucket}/{prefix}".rstrip("/")
        self._bucket = bucket
        endpoint = next((os.environ[name] for name in _ENDPOINTS if os.environ.get(name)), None)
        unsafe = endpoint is not None and _checked(endpoint)
        try:
            import obstore
            from obstore.store import S3Store
        except ImportError:
            lacking = f"expected obstore, which is not installed: {INSTALL}"
            raise RemoteRefused(f"the remote {self._address}: {lacking}") from None
        self._obstore = obstore
        options: Any = {
            "client_options": {
                "allow_http": unsafe,
                "connect_timeout": timedelta(seconds=5),
                "read_timeout": timedelta(seconds=60),
                "timeout": timedelta(hours=6),  # of one object, however large; a stalled one ends by the line above
            },
            "retry_config": {"max_retries": _RETRIES, "retry_timeout": timedelta(seconds=30)},
        }
        if endpoint:
            options["endpoint"] = endpoint
        if not any(os.environ.get(name) for name in ("AWS_REGION", "AWS_DEFAULT_REGION")):
            options["region"] = "us-east-1"  # as every tool takes it where none is named
        self._store = S3Store(bucket, prefix=prefix or None, **options)

    @property
    def address(self) -> str:
        """Return where they are, as a person named it."""
        return self._address

    def __repr__(self) -> str:
        return f"Bucket({self._address!r})"

    def ask(self) -> None:
        """Raise what stands in the way of reading here, if anything does."""
        with self._explained("list it"):
            next(iter(self._obstore.list(self._store, prefix="champions", chunk_size=1)), None)

    def get(self, name: str) -> bytes | None:
        """Return an object's bytes."""
        with self._explained(f"read {name}"), contextlib.suppress(FileNotFoundError):
            return bytes(self._got(name).bytes())
        return None

    def get_range(self, name: str, start: int, length: int) -> bytes | None:
        """Return so many bytes from ``start`` on, fewer where the object ends before."""
        with self._explained(f"read {name}"), contextlib.suppress(FileNotFoundError):
            try:
                return bytes(self._obstore.get_range(self._store, name, start=start, length=length))
            except FileNotFoundError as error:
                raise self._sorted_out(error) from None
        return None

    def get_into(self, name: str, path: Path) -> bool:
        """Write an object's bytes to a file, and return whether there was one; memory stays flat."""
        with self._explained(f"read {name}"):
            try:
                given = self._got(name)
            except FileNotFoundError:
                return False
            blocks = given.stream(min_chunk_size=_PART)
        with path.open("wb") as made:
            while (block := self._next(name, blocks)) is not None:
                made.write(block)
        return True

    def head(self, name: str) -> Found | None:
        """Return what a listing would say of one object."""
        with self._explained(f"read {name}"), contextlib.suppress(FileNotFoundError):
            return _found(self._obstore.head(self._store, name))
        return None

    def put_new(self, name: str, content: bytes | Path) -> bool:
        """Put an object unless there is one of that name, and return whether it was put.

        One of over 64 MiB is asked for first, and then goes up in parts: two who do so at once both put it, so its name
        must be its digest.
        """
        if isinstance(content, Path) and content.stat().st_size > _IN_ONE_PIECE:
            if self.head(name):
                return False
            self.put_over(name, content)
            return True
        with self._explained(f"write {name}"):
            try:
                self._obstore.put(self._store, name, content, mode="create")
            except self._obstore.exceptions.AlreadyExistsError:
                return False
        return True

    def put_over(self, name: str, content: bytes | Path) -> None:
        """Put an object in place of the one that may be there."""
        with self._explained(f"write {name}"):
            self._obstore.put(self._store, name, content, chunk_size=_PART, max_concurrency=4)

    def get_tagged(self, name: str) -> tuple[bytes, str] | None:
        """Return the bytes of an object that ``put_if`` writes, and the tag of this version of it."""
        with self._explained(f"read {name}"), contextlib.suppress(FileNotFoundError):
            given = self._got(name)
            return bytes(given.bytes()), str(given.meta["e_tag"])
        return None

    def put_if(self, name: str, data: bytes, tag: str | None) -> bool:
        """Replace the version of that tag, or put the first one (None), and return whether that was done."""
        errors = self._obstore.exceptions
        with self._explained(f"write {name}"):
            try:
                self._obstore.put(self._store, name, data, mode="create" if tag is None else {"e_tag": tag})
            except (errors.AlreadyExistsError, errors.PreconditionError):
                return False
        return True

    def list(self, under: str) -> Iterator[Found]:
        """Yield the objects below ``under/``, in no particular order; none of those that ``put_if`` writes."""
        found = iter(self._obstore.list(self._store, prefix=under))
        while True:
            with self._explained("list it"):
                some = next(found, None)
            if some is None:
                return
            yield from (_found(one) for one in some)

    def list_tagged(self, under: str) -> Iterator[Found]:
        """Yield the objects below ``under/`` that ``put_if`` writes; below it no other verb does."""
        yield from self.list(under)

    def delete(self, names: Iterable[str]) -> None:
        """Delete objects; what is not there is passed over."""
        if wanted := list(names):
            with self._explained("delete in it"), contextlib.suppress(FileNotFoundError):
                self._obstore.delete(self._store, wanted)

    def _got(self, name: str) -> Any:
        """Return the answer to a GET.

        Raises:
            FileNotFoundError: there is no such object in the bucket, which is there.
        """
        try:
            return self._obstore.get(self._store, name)
        except FileNotFoundError as error:
            raise self._sorted_out(error) from None

    def _sorted_out(self, error: FileNotFoundError) -> Exception:
        """Return what a 404 means: no such object, or no such bucket."""
        code = _CODE.search(str(error))
        return self._absent() if code and code[1] in _NO_BUCKET else FileNotFoundError("no such object")

    def _next(self, name: str, blocks: Any) -> bytes | None:
        with self._explained(f"read {name}"):
            block = next(blocks, None)
        return None if block is None else bytes(block)

    @contextlib.contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        """Turn what obstore raises into errors that say what to do, and hold nothing of the server's answer."""
        try:
            yield
        except RemoteError:
            raise
        except FileNotFoundError as error:
            told = self._sorted_out(error)
            if isinstance(told, RemoteError):
                raise told from None
            if what.startswith("write"):  # a server that says no code with it
                raise self._absent() from None
            raise FileNotFoundError("no such object") from None
        except (self._obstore.exceptions.BaseError, OSError, ValueError) as error:
            raise self._in_words(error, what) from None

    def _in_words(self, error: Exception, what: str) -> RemoteError:
        text, where = str(error), f"the remote {self._address}"
        code = (_CODE.search(text) or ["", ""])[1]
        status = (_STATUS.search(text) or ["", ""])[1]
        said = f" ({', '.join(filter(None, (status, code)))})" if code or status else ""
        errors = self._obstore.exceptions
        if code in _NO_BUCKET:
            return self._absent()
        if code in _FULL or status in ("507", "413"):
            return RemoteFull(f"{where}: expected room to {what}, it is full{said}; free some space there")
        refused = isinstance(error, errors.PermissionDeniedError | errors.UnauthenticatedError)
        if refused or code in _BAD_KEYS or status in ("401", "403"):
            return RemoteRefused(
                f"{where}: expected the right to {what}, it was refused{said}; the keys are those of "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or of this machine"
            )
        if "credential" in text.lower() or "169.254." in text:
            return RemoteRefused(f"{where}: expected keys, found none; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
        return RemoteUnreachable(
            f"{where} does not answer{said}, asked to {what}; AWS_ENDPOINT_URL names another server than Amazon's"
        )

    def _absent(self) -> RemoteAbsent:
        return RemoteAbsent(
            f"the remote {self._address}: expected a bucket called {self._bucket}, there is none; make it, or name "
            "another in EVERGREEN_REMOTE"
        )


def _checked(endpoint: str) -> bool:
    """Return whether an endpoint is asked without TLS, which this machine's own may be.

    Raises:
        BadReference: it is another one's, or no address.
    """
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        raise BadReference("AWS_ENDPOINT_URL: expected https://HOST, received something else, or a password in it")
    if parts.scheme == "https":
        return False
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(host).is_loopback:
            return True
    if host == "localhost":
        return True
    raise BadReference(
        f"AWS_ENDPOINT_URL: expected https://, received http:// of {host}: that is for this machine alone"
    )


def _found(meta: Any) -> Found:
    written = meta["last_modified"]
    return Found(meta["path"], int(meta["size"]), written.timestamp() if written else time.time())
