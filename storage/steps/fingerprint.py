"""Fingerprints of code: what a function can reach, as text that ignores what cannot change a result.

The fingerprint of ``package.module:function`` covers the module and, transitively, every project module that it
imports anywhere in its body. Each module counts as the unparsed AST without docstrings, comments and annotations.
Whole modules count, not single functions: a constant or a decorator matters as much as the function that uses it.
"""

import ast
import contextlib
import os
import stat
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

_PARSE_ATTEMPTS = 10
_BLOCKS = ("body", "handlers", "orelse", "finalbody", "cases")  # where statements hold others; expressions hold none


def reachable_code(core: str, root: Path, packages: Iterable[str], leave_out: Iterable[str] = ()) -> dict[str, str]:
    """Return ``{module name: normalised source}`` for everything that a function can reach.

    Args:
        core: ``package.module:function``.
        root: the folder that holds the packages.
        packages: top-level packages that belong to the project; others count by their library version.
        leave_out: modules, or packages with all below them, that stay out.

    Raises:
        LookupError: ``core`` names no module below ``root``.
    """
    first = core.partition(":")[0]
    own, excluded = (tuple(f"{package}." for package in named) for named in (packages, leave_out))
    if _file_of(first, root) is None:
        raise LookupError(f"expected a module below {root}, received {core!r}")
    found: dict[str, str] = {}
    seen: set[str] = set()
    queue = [first]
    while queue:
        module = queue.pop()
        if module in seen:
            continue
        seen.add(module)
        dotted = f"{module}."
        if dotted.startswith(excluded) or not dotted.startswith(own) or (file := _file_of(module, root)) is None:
            continue
        path, stamp = file
        found[module], imports = _read(path, module, stamp.st_mtime_ns, stamp.st_size)
        queue += imports
    return found


def normalised(source: str) -> str:
    """Return source text as it is after dropping comments, docstrings, annotations and formatting.

    The target of an annotated assignment without a value (a dataclass field, say) stays, by name.
    """
    return ast.unparse(_Normaliser().visit(_parse(source)))


def _parse(source: str) -> ast.Module:
    """Return the AST of source text.

    CPython 3.11 counts how deep it is for all threads together (python/cpython#106905): where another thread, here
    one of Prefect's, parses too, it can lose count and raise SystemError. Trying again is enough.
    """
    for _ in range(_PARSE_ATTEMPTS - 1):
        with contextlib.suppress(SystemError):
            return ast.parse(source)
    return ast.parse(source)


def _file_of(module: str, root: Path) -> tuple[str, os.stat_result] | None:
    """Return a module's file and what the disk says of it; as text: a plan asks for thousands."""
    base = f"{root}/{module.replace('.', '/')}"
    for path in (f"{base}.py", f"{base}/__init__.py"):
        with contextlib.suppress(OSError, ValueError):
            stamp = os.stat(path)
            if stat.S_ISREG(stamp.st_mode):
                return path, stamp
    return None


@lru_cache(maxsize=4096)
def _read(path: str, module: str, mtime_ns: int, size: int) -> tuple[str, tuple[str, ...]]:
    """Return a module's normalised source and the modules that it imports; the stamp is there for the cache."""
    tree = _parse(Path(path).read_text(encoding="utf-8"))
    is_package = path.endswith("/__init__.py")
    imports = tuple(sorted(_imports(tree, module, is_package)))
    return ast.unparse(_Normaliser().visit(tree)), imports


def _imports(tree: ast.AST, module: str, is_package: bool) -> set[str]:
    """Return every dotted name that an import may load, packages on the way to it included."""
    names: set[str] = set()
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = module.split(".") if is_package else module.split(".")[:-1]
                above = above[: len(above) - node.level + 1]
                base = ".".join([*above, base]) if base else ".".join(above)
            names |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return {".".join(parts[:end]) for name in names if (parts := name.split(".")) for end in range(1, len(parts) + 1)}


def _statements(tree: ast.AST) -> Iterable[ast.AST]:
    """Walk what may hold an import, without the bodies of ``if TYPE_CHECKING:``, which never run."""
    yield tree
    for block in _BLOCKS:
        if block == "body" and isinstance(tree, ast.If) and _is_type_checking(tree.test):
            continue
        for child in getattr(tree, block, ()):
            yield from _statements(child)


def _is_type_checking(test: ast.expr) -> bool:
    return ast.unparse(test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


class _Normaliser(ast.NodeTransformer):
    """Drops docstrings, annotations and type-checking blocks; comments and formatting are not in an AST at all."""

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.expr):  # has nothing of that inside
            return node
        self.generic_visit(node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                node.body = node.body[1:] or [ast.Pass()]
        elif isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.AnnAssign):
            value: ast.expr = node.value or ast.Constant(...)
            return ast.copy_location(ast.Assign(targets=[node.target], value=value), node)
        elif isinstance(node, ast.If) and _is_type_checking(node.test):
            node.body = [ast.Pass()]
        return node
