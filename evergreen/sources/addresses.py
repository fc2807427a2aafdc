"""Addresses with secrets in them: how they are recognised, put together, and shown."""

import os
import re
from collections.abc import Callable
from pathlib import PurePosixPath
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from evergreen.errors import BadInput

# Returns the value of a Prefect Secret block; whoever knows Prefect provides it.
OpenSecret = Callable[[str], str]

# Parameters of signed addresses: Google, Amazon, Azure, CloudFront, Kaggle, and the usual words.
_SECRET_NAME = re.compile(
    r"^(x-amz-.*|x-goog-.*|googleaccessid|awsaccesskeyid|key-pair-id|policy|hdnts|s[irpvet]|st|skoid|sktid"
    r"|.*(sig|signature|token|secret|password|passwd|credential|auth|apikey|api_key|access_?key).*|key|jwt|expires)$",
    re.IGNORECASE,
)
_LONGEST_OPEN_VALUE = 32


def secret_in(url: str) -> str | None:
    """Return what in an address looks like a secret, by its name and never by its value, or None."""
    parts = urlsplit(url)
    if "@" in parts.netloc:
        return "a user name or password"
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if _SECRET_NAME.match(name) or len(value) >= _LONGEST_OPEN_VALUE:
            return f"the parameter {name[:40]!r}"
    return None


def shown(url: str) -> str:
    """Return an address as it may be shown: without user, password, query and fragment."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def file_name(url: str) -> str:
    """Return the file name that an address ends in, or ``download``."""
    name = PurePosixPath(unquote(urlsplit(url).path)).name
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
