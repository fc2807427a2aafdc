"""Code pages of names: which codec of Python's a person means."""

import codecs

_PLAIN = "A/b.c-_0 9"
# What makes a letter A of one of these is an escape, and would make other names of plain ones.
_ESCAPES = (b"\\x41", b"\\u0041", b"+AEE-")
_OF_HOSTS = ("idna", "punycode")


def code_page(name: str) -> str:
    """Return the one name under which Python knows a code page: ``GBK``, ``cp936`` and ``936`` are ``gbk``.

    Raises:
        ValueError: there is none of that name, or it is no code page of names: it does not leave ASCII as it is.
    """
    advice = "such as gbk, big5, shift_jis, euc_kr, cp1251, cp866 or cp850"
    try:
        found = codecs.lookup(name)
        plain = _PLAIN.encode().decode(name) == _PLAIN and found.name not in _OF_HOSTS
        if plain and all(escape.decode(name, "replace") != "A" for escape in _ESCAPES):
            return found.name
    except (LookupError, ValueError):
        raise ValueError(f"expected a code page that Python knows, {advice}; received {name!r}") from None
    raise ValueError(f"expected a code page that leaves ASCII as it is, {advice}; received {name!r}")
