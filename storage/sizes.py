"""Sizes in words: the one way in which a person is told how many bytes something takes."""

_UNITS = ("KiB", "MiB", "GiB", "TiB")


def in_words(size: int) -> str:
    """Return bytes in the unit that suits them, to three digits: ``0 bytes``, ``1 byte``, ``286 KiB``, ``2.00 MiB``."""
    if size < 1024:
        return f"{size} byte{'' if size == 1 else 's'}"
    value, unit = size / 1024, 0
    while round(value) >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    decimals = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:,.{decimals}f} {_UNITS[unit]}"
