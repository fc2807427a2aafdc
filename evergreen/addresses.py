"""Addresses with secrets in them: how they are recognised, put together, and shown."""

import os
import re
from collections.abc import Callable
from pathlib import PurePosixPath
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit, urlunsplit

from evergreen.errors import BadInput

# Returns the value of a Prefect Secret block; whoever knows Prefect provides it.
OpenSecret = Callable[[str], str]

# Parameters of signed addresses: Google, Amazon, Azure, CloudFront, Kaggle, and the usual words.
_SECRET_NAME = re.compile(
    r"^(x-amz-.*|x-goog-.*|googleaccessid|awsaccesskeyid|key-pair-id|policy|hdnts|skoid|sktid"
    r"|.*(sig|signature|token|secret|password|passwd|credential|auth|apikey|api_key|access_?key).*|key|jwt|expires)$",
    re.IGNORECASE,
)
# What only says which file is meant may be long: the ids of Google Drive, S3 and Dataverse, commits, paths.
_OPEN_NAME = re.compile(
    r"^((|file|folder|doc|document|data|dataset|object|item|record|asset|media|image|version|revision|persistent)[_-]?id"
    r"|doi|path|files?|file[_-]?name|response-content-disposition"
    r"|name|commit|ref|uuid|author|authuser|design|(sha[_-]?\d*|md5|crc32c?)(sum)?|checksum|hash|digest)$",
    re.IGNORECASE,
)
_AZURE_NAME = re.compile(r"^s[irpvet]$", re.IGNORECASE)  # alone, any site's; beside a sig, of a shared access signature
_LONGEST_OPEN_VALUE = 32

_LOGIN = "a user name or password"
# In a text, and not only where an address has them: a password may hold any letter.
_LOGINS = re.compile(r"(\b[a-z][a-z0-9+.-]*:/+)\S*@|(?<![^\s'\"])/*[^\s/:@'\"]+:\S*@", re.IGNORECASE)
_QUERIES = re.compile(r"\?[^\s'\"]*=[^\s'\"]*")
_SLASHED = (
    f"{_LOGIN}, it seems with a slash in it (in a password a slash is written %2F, in a path an @ is written %40)"
)

# What may stand after the @ of a login, with the character before that and the one behind; never a digest of Docker's.
_HOST_AFTER_AT = re.compile(r"(.)@(\[[0-9a-f:.]+\]|[\w.-]+)(?::\d*)?([/?#]|$)", re.IGNORECASE)
_THIS_MACHINE_OR_IP = re.compile(r"localhost|\d+\.\d+\.\d+\.\d+|\[.*\]", re.IGNORECASE)
_VERSION = re.compile(r"v?\d+(\.\d+){0,2}([-+][\w.+-]*)?", re.IGNORECASE)  # photos@1.2.3/, and no IP
_FILE = re.compile(
    r"\.(jpe?g|png|gif|bmp|p[bgnp]m|webp|tiff?|avif|heic|jp2|ico|icns|svg|zip|tar|t?[gx]z|bz2|zst|7z|rar|csv|json|txt)",
    re.IGNORECASE,
)
_WEB_PORTS = (80, 443)
_FIRST_FREE_PORT = 1024


def secret_in(url: str) -> str | None:
    """Return what in an address looks like a secret, by its name and never by its value, or None."""
    if is_slashed_login(url):
        return _SLASHED
    parts = _split(url)
    if parts is None:
        return f"{_LOGIN}, or a host or port that cannot be read"
    if "@" in parts.netloc:
        return _LOGIN
    given = parse_qsl(parts.query, keep_blank_values=True)
    azure = any(name.lower() == "sig" for name, _ in given)
    for name, value in given:
        if _OPEN_NAME.match(name):
            continue
        if _SECRET_NAME.match(name) or (azure and _AZURE_NAME.match(name)) or len(value) >= _LONGEST_OPEN_VALUE:
            return f"the parameter {name[:40]!r}"
    return None


def why_not_in_a_recipe(url: str) -> str | None:
    """Return why an address may not stand in a recipe, and where its secret belongs, or None. No secret is in it."""
    if not (found := secret_in(url)):
        return None
    why = f"the URL holds {found}, and recipes are stored and shown: "
    if found.startswith(_LOGIN):
        return (
            f"{why}leave out what stands before the @, and write it into ~/.netrc, where downloads look: "
            "machine HOST login NAME password PASSWORD"
        )
    return (
        f"{why}put what follows the question mark into an environment variable and name that as query: ${{NAME}} "
        "(source.http.files.query)"
    )


def shown(url: str) -> str:
    """Return an address as it may be shown: without user, password, query and fragment."""
    parts = _split(url)
    if parts is None:
        return f"{url.partition(':')[0]}://…"
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def redacted(text: str) -> str:
    """Return a text that a person gave, for an error: without what looks like a login or a query of an address."""
    return _QUERIES.sub("?…", _LOGINS.sub(lambda found: f"{found[1] or ''}…@", text))


def _split(url: str) -> SplitResult | None:
    """Return an address' parts; None if its host or port cannot be read, or if these seem to be parts of a login."""
    parts = _read(url)
    return None if parts is None or _is_slashed_login(parts) else parts


def _read(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - it is read when it is asked for
    except ValueError:  # its words hold parts of the address
        return None
    return parts


def is_slashed_login(url: str) -> bool:
    """Whether what reads as host, port and path of an address seems to be a login whose password has a slash in it.

    ``https://me:12/3secret@host/x`` has the host "me", the port 12 and an @ in its path, to whoever splits it. Others
    have one too: ``//host/@scope/x``, ``//host:8080/a@2x.png``, ``//host:8080/photos@1.2.3/x``. In doubt it is a login,
    for whoever means a path can write %40.
    """
    parts = _read(url)
    return parts is not None and _is_slashed_login(parts)


def _is_slashed_login(parts: SplitResult) -> bool:
    name, colon, _ = parts.netloc.rpartition(":")
    if not colon or "@" in parts.netloc or _THIS_MACHINE_OR_IP.fullmatch(name):
        return False
    is_web_port = parts.port in _WEB_PORTS or (parts.port or 0) >= _FIRST_FREE_PORT
    if is_web_port and "." in name:
        return False
    after = urlunsplit(("", "", parts.path, parts.query, parts.fragment))
    return any(
        _may_be_a_host(found, likely=not is_web_port and "." not in name)
        for found in _HOST_AFTER_AT.finditer(after)
        if "=" not in after[: found.start()].partition("?")[2]  # else the @ is a value's
    )


def _may_be_a_host(found: re.Match[str], *, likely: bool) -> bool:
    """Whether what follows an @ may be the host after a login.

    Args:
        found: of ``_HOST_AFTER_AT``.
        likely: whether what stands before can hardly be a host and its port.
    """
    before, name, behind = found.groups()
    ends_as_file = behind != "/" and _FILE.fullmatch(name[name.rfind(".") :])
    if _VERSION.fullmatch(name) or ends_as_file:
        return False
    return likely or (before != "/" and (behind == "/" or "." in name))


def file_name(url: str) -> str:
    """Return the file name that an address ends in, or ``download``."""
    parts = _split(url)
    name = PurePosixPath(unquote(parts.path)).name if parts else ""
    return re.sub(r"[^\w. ()+-]", "_", name).strip(". ") or "download"


def with_query(url: str, query: str | None, open_secret: OpenSecret) -> str:
    """Return the address to ask, its query filled in.

    Args:
        url: the address in the recipe.
        query: ``${ENVIRONMENT_VARIABLE}``, ``secret:NAME`` of a Prefect Secret block, or None.
        open_secret: returns the value of a Secret block.

    Raises:
        BadInput: the variable is not set; the message names it, never a value.
    """
    if query is None:
        return url
    if query.startswith("secret:"):
        value = open_secret(query.removeprefix("secret:"))
    else:
        name = query[2:-1]
        if not (value := os.environ.get(name, "")):
            raise BadInput(
                f"expected the environment variable {name} to hold the query of {shown(url)}, it is not set: "
                f"export {name}='...', the part of the signed address after the question mark"
            )
    value = value.strip().rpartition("?")[2]  # the whole signed address is understood too
    return f"{url}{'&' if urlsplit(url).query else '?'}{value}"
