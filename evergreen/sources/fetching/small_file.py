"""One small file behind an address, held in memory: for a picture that a person names, not for a dataset."""

import io

from evergreen.addresses import file_name, is_slashed_login, secret_in, shown
from evergreen.errors import BadInput, SourceUnreachable
from evergreen.sources.fetching.answers import Ask, opened, refuse_page, repeated
from evergreen.sources.fetching.codings import DAMAGE, around, unpacked
from evergreen.sources.fetching.validators import Validators
from evergreen.sources.fetching.whole import check_codings

_CHUNK = 1 << 20
_STALL_SECONDS = 30
_RENEW = "the address wants a login, or its signature has expired; get a new one"


def name_of(url: str) -> str:
    """Return an address as it may be shown: without its query if that looks like a secret."""
    return shown(url) if secret_in(url) else url


def fetch_bytes(url: str, most: int, pause_seconds: float = 1.0) -> bytes:
    """Return what is behind an address, by the rules of every download: no web pages, no secret in an error.

    Args:
        url: http or https; a secret in it is sent and never shown.
        most: bytes above which it is refused, by its headers before anything comes.
        pause_seconds: first pause before it is asked again.

    Raises:
        SourceUnavailable: see its subclasses.
        BadInput: it is larger, or what is to be the host is part of a login.
    """
    if is_slashed_login(url):  # it would be asked of another host
        raise BadInput(f"{name_of(url)}: expected an address, received one that holds {secret_in(url)}")
    asked = Ask(lambda: url, name_of(url), _RENEW, stall_seconds=_STALL_SECONDS, pause_seconds=pause_seconds)

    def once() -> bytes:
        with opened(asked, {}) as response:
            found = Validators.of(response.status_code, response.headers)
            check_codings(asked, found, file_name(url))
            length = found.length
            _refuse_larger(asked, length or 0, most)
            data = bytearray()
            while part := asked.read(response, _CHUNK):
                data += part
                _refuse_larger(asked, len(data), most)
        if length is not None and length != len(data):
            raise SourceUnreachable(f"{asked.shown}: expected {length:,} bytes, cut off after {len(data):,}")
        image = _inside(asked, bytes(data), around(found.codings, file_name(url)), most)
        refuse_page(asked, image)
        return image

    return repeated(asked, once)


def _inside(asked: Ask, data: bytes, packings: tuple[str, ...], most: int) -> bytes:
    """Return what a server packed on the way, at most so many bytes of it."""
    try:
        image = unpacked(io.BytesIO(data), packings).read(most + 1)
    except DAMAGE:
        raise SourceUnreachable(f"{asked.shown}: the server packed it on the way, and it came damaged") from None
    _refuse_larger(asked, len(image), most)
    return image


def _refuse_larger(asked: Ask, size: int, most: int) -> None:
    if size > most:
        raise BadInput(f"{asked.shown}: larger than {most / 2**20:,.0f} MiB, which no image that can be used needs")
