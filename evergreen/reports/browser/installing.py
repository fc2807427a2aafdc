"""What lets a page be installed and work offline: its manifest, its icons, its service worker with the files it keeps.

https://www.w3.org/TR/appmanifest/ and https://www.w3.org/TR/service-workers/
"""

import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path

WORKER = "sw.js"
MANIFEST = "manifest.webmanifest"
# The polygon of icon.svg, in its 32 units.
_TREE = ((16, 1), (5, 15), (9, 15), (3, 23), (14, 23), (14, 31), (18, 31), (18, 23), (29, 23), (23, 15), (27, 15))
_GREEN, _PAPER = (47, 125, 79), (243, 246, 243)
_SMOOTHING = 4
# A mask of the phone's may cut all but the middle: https://www.w3.org/TR/appmanifest/#icon-masks
_ICONS = {
    "icon-192.png": (192, 0.86, "any"),
    "icon-512.png": (512, 0.86, "any"),
    "mask-512.png": (512, 0.56, "maskable"),
}


def write(folder: Path, title: str, engines: Sequence[str]) -> None:
    """Write what makes a whole page one that a device keeps; nothing may change in it afterwards.

    The service worker's text names a version, a digest of all other files: where it differs, the browser fetches the
    page anew and drops what it kept (``web/sw.js``).

    Args:
        folder: the page.
        title: its heading.
        engines: what its models run in, ``litert`` or ``tfjs``.
    """
    for name, (size, share, _) in _ICONS.items():
        (folder / name).write_bytes(_icon(size, share))
    (folder / MANIFEST).write_text(json.dumps(_manifest(title), indent=2, ensure_ascii=False), encoding="utf-8")
    code = (folder / WORKER).read_text(encoding="utf-8")
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    kept = {"version": _version(folder, files), "files": _kept([name for name in files if name != WORKER], engines)}
    (folder / WORKER).write_text(f"const PAGE = {json.dumps(kept, indent=1)};\n{code}", encoding="utf-8")


def _version(folder: Path, files: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for name in files:
        digest.update(name.encode() + b"\0" + hashlib.sha256((folder / name).read_bytes()).digest())
    return digest.hexdigest()[:16]


def _kept(files: Sequence[str], engines: Sequence[str]) -> dict[str, list[str]]:
    """Return the files that every device keeps, and those that one keeps by what runs its model.

    ``compat`` is LiteRT.js without relaxed SIMD; ``phone.json`` is of the moment, and kept by none.
    """
    models = [name for name in files if name.startswith("model-")]
    tflite, graph = ([name for name in models if f"/{kind}" in name] for kind in ("tflite", "tfjs"))
    litert = [name for name in files if name.startswith("litert/")]
    of_one = {
        "litert": [name for name in litert if "_compat_" not in name] + tflite,
        "compat": [name for name in litert if "_wasm_internal" not in name] + tflite,
        "tfjs": [name for name in files if name.startswith("tfjs/")] + graph,
    }
    if "litert" not in engines:
        del of_one["litert"], of_one["compat"]
    if "tfjs" not in engines:
        del of_one["tfjs"]
    apart = ("litert/", "tfjs/", "model-", "phone.json")
    return {"shell": ["./", *(name for name in files if not name.startswith(apart))], **of_one}


def _manifest(title: str) -> dict[str, object]:
    return {
        "name": title,
        "short_name": title if len(title) <= 12 else "Evergreen",
        "id": "./",
        "start_url": "./",
        "scope": "./",
        "display": "standalone",
        "background_color": "#f3f6f3",
        "theme_color": "#1f6b43",
        "icons": [
            {"src": name, "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
            for name, (size, _, purpose) in _ICONS.items()
        ],
    }


def _icon(size: int, share: float) -> bytes:
    """Return a square PNG of the tree, which takes a share of its height, on paper."""
    from PIL import Image, ImageDraw

    large = size * _SMOOTHING
    picture = Image.new("RGB", (large, large), _PAPER)
    points = [tuple(large / 2 + (value - 16) / 32 * large * share for value in point) for point in _TREE]
    ImageDraw.Draw(picture).polygon(points, fill=_GREEN)
    data = io.BytesIO()
    picture.resize((size, size), Image.Resampling.BOX).save(data, "PNG", optimize=True)
    return data.getvalue()
