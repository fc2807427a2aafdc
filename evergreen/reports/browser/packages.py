"""What runs models in a browser: the page's own modules, the packages that npm installs for it, and their types."""

import gzip
import shutil
from collections.abc import Sequence
from pathlib import Path

from evergreen.errors import BadInput

WEB = Path(__file__).with_name("web")
NODE_MODULES = Path(__file__).parents[3] / "node_modules"
# By how a file's name ends: what browsers insist on, whatever the table of the machine that serves it says.
MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".wasm": "application/wasm",
    ".gz": "application/octet-stream",
    ".tflite": "application/octet-stream",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
TENSORFLOW_JS = (
    "@tensorflow/tfjs-core/dist/tf-core.min.js",
    "@tensorflow/tfjs-converter/dist/tf-converter.min.js",
    "@tensorflow/tfjs-backend-cpu/dist/tf-backend-cpu.min.js",
    "@tensorflow/tfjs-backend-webgl/dist/tf-backend-webgl.min.js",
    "@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.min.js",
    "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm",
    "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm",
)
# With relaxed SIMD, and for browsers that have SIMD alone ("compat").
LITERT_JS = (
    "@litertjs/core/dist/index.js",
    "@litertjs/wasm-utils/dist/index.js",
    "@litertjs/core/wasm/litert_wasm_internal.js",
    "@litertjs/core/wasm/litert_wasm_internal.wasm",
    "@litertjs/core/wasm/litert_wasm_compat_internal.js",
    "@litertjs/core/wasm/litert_wasm_compat_internal.wasm",
)
_OF = {"litert": ("LiteRT.js", LITERT_JS), "tfjs": ("TensorFlow.js", TENSORFLOW_JS)}
_UTILS = "wasm-utils.js"
_BARE, _BESIDE = '"@litertjs/wasm-utils"', f'"./{_UTILS}"'


def missing(files: Sequence[str]) -> list[str]:
    """Return which files of packages are not installed."""
    return [name for name in files if not (NODE_MODULES / name).is_file()]


def check(engines: Sequence[str]) -> None:
    """Refuse engines, ``litert`` or ``tfjs``, of which something is not installed.

    Raises:
        BadInput: with what is missing, and what to do.
    """
    for name, files in (_OF[engine] for engine in engines):
        if absent := missing(files):
            raise BadInput(
                f"expected {name} in {NODE_MODULES}, missing {absent[0]}; "
                "install Node.js 18 or newer with npm, then run: make setup"
            )


def copy(engine: str, folder: Path) -> None:
    """Write an engine's files into a new folder, as a page without a bundler loads them.

    WebAssembly of LiteRT.js, 9.4 MB, is kept compressed, 2.8 MB, since few web hosts compress it on the way; the page
    unpacks it. TensorFlow.js fetches its own, of 0.4 MB, by itself.

    Args:
        engine: ``litert`` or ``tfjs``; ``check`` it first.
        folder: made.

    Raises:
        BadInput: the package is another than the one that this was written for.
    """
    folder.mkdir()
    for name in _OF[engine][1]:
        source = NODE_MODULES / name
        if engine == "tfjs":
            shutil.copyfile(source, folder / source.name)
        elif source.suffix == ".wasm":
            (folder / f"{source.name}.gz").write_bytes(gzip.compress(source.read_bytes(), mtime=0))
        elif source.parent.name == "wasm":
            shutil.copyfile(source, folder / source.name)
        else:
            target = folder / (_UTILS if "wasm-utils" in name else "litert.js")
            target.write_text(_without_bare_names(source, target.name), encoding="utf-8")


def downloaded(folder: Path) -> int:
    """Return how many bytes of a copied engine a usual browser fetches: of two kinds of WebAssembly one."""
    others = ("_compat_", "tfjs-backend-wasm.wasm")
    return sum(path.stat().st_size for path in folder.iterdir() if not any(name in path.name for name in others))


def _without_bare_names(source: Path, target: str) -> str:
    """Return a module whose one import of another package names the file beside it; a browser knows no packages."""
    text = source.read_text(encoding="utf-8")
    if text.count(_BARE) != (0 if target == _UTILS else 1):
        raise BadInput(f"expected one import of {_BARE} in {source}, found {text.count(_BARE)}; run: make setup")
    lines = text.replace(_BARE, _BESIDE).splitlines()
    return "\n".join(line for line in lines if not line.startswith("//# sourceMappingURL=")) + "\n"
