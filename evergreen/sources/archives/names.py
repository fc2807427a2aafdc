"""File names as data: any bytes become text that can be written anywhere."""


def readable(name: str) -> str:
    """Return a name that can be written anywhere: bytes that were no UTF-8 read ``%XX``."""
    if name.isascii():
        return name
    return "".join(f"%{ord(char) - 0xDC00:02X}" if "\udc80" <= char <= "\udcff" else char for char in name)


def plain(name: str) -> str:
    """Return a file's name as a store takes it: readable, and backslashes as ``%5C``."""
    return readable(name).replace("\\", "%5C")


def visible(name: str) -> str:
    """Return a name that can be shown anywhere: control characters, which move a cursor, as Python escapes them."""
    return name if name.isprintable() else "".join(char if char.isprintable() else repr(char)[1:-1] for char in name)


def visible_lines(text: str) -> str:
    """Return a message that can be shown anywhere: its lines stay lines, whatever the names in it hold."""
    return "\n".join(map(visible, text.split("\n")))


def normal(name: str) -> str:
    """Return a member's path without empty parts and ``.``: ``./cat//1.png`` is ``cat/1.png``."""
    return "/".join(part for part in name.split("/") if part not in ("", "."))
