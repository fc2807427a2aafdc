"""Every format in a row: what writes it, what opens it to prove it, who reads it. It starts and imports none of them.

``registry.py`` has the functions. A test holds both to the same formats and the same runtimes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from evergreen.errors import BadInput
from evergreen.sections.refusing.told import TRY
from evergreen.vision.formats.catalogue.installed import ABSENT, version_of
from evergreen.vision.formats.catalogue.names import INT8, writers

_SETUP = "make setup"
_REMEDIES = {
    "node": "install Node.js 18 or newer",
    "chromium": "apt-get install chromium, or install Google Chrome",
    "mediapipe": f"{_SETUP} EXTRAS=mediapipe",
}


@dataclass(frozen=True)
class Known:
    """What is known of a format.

    Attributes:
        name: as recipes name it.
        readers: who reads it, in words.
        runtimes: each runtime that it is opened in before it is verified, in words -> what that needs.
        beside: those of them without which it is verified all the same (``registry.Runtime``).
        extra: of Evergreen's own, that brings what is needed; empty where every setup does.
    """

    name: str
    readers: str
    runtimes: Mapping[str, tuple[str, ...]]
    extra: str = ""
    beside: tuple[str, ...] = ()

    @property
    def writers(self) -> tuple[str, ...]:
        """What writes it, as ``version_of`` names things."""
        return writers(self.name)

    @property
    def install(self) -> str:
        """The command that installs what is needed of Python and npm."""
        return f"{_SETUP} EXTRAS={self.extra}" if self.extra else _SETUP

    def absent(self, names: Iterable[str]) -> list[str]:
        """Return those of some things that are not on this machine."""
        return [name for name in names if version_of(name) == ABSENT]

    def remedy(self, absent: Iterable[str]) -> str:
        """Return how what is absent is installed, in words."""
        return "; ".join(dict.fromkeys(_REMEDIES.get(name, self.install) for name in absent))

    def versions(self) -> dict[str, str]:
        """Return {what it needs: its version, or absent}."""
        names = dict.fromkeys([*self.writers, *(name for needed in self.runtimes.values() for name in needed)])
        return {name: version_of(name) for name in names}


_TFJS = ("npm:@tensorflow/tfjs-core", "npm:@tensorflow/tfjs-converter", "npm:@tensorflow/tfjs-backend-wasm")
_LITERT_JS = ("chromium", "npm:@litertjs/core")
_IN_PAGES = ("LiteRT.js, wasm", "LiteRT.js, WebGPU")
_BESIDE = ("MediaPipe Tasks", *_IN_PAGES)
_LITERT = {
    "LiteRT interpreter": ("ai-edge-litert",),
    "MediaPipe Tasks": ("mediapipe",),
    **dict.fromkeys(_IN_PAGES, _LITERT_JS),
}
_WEB = {"Node, wasm": ("node", *_TFJS), "Chromium, wasm": ("chromium", *_TFJS)}
_PHONES = "LiteRT, MediaPipe: phones, Raspberry Pi, browsers, evergreen web"
_PAGES = "TensorFlow.js: browsers, Node.js, evergreen web"

_ROWS = (
    Known("keras", "Keras 3, in Python: may also be trained on", {"Keras": ("keras", "tensorflow")}),
    Known("savedmodel", "TensorFlow, TensorFlow Serving: servers", {"TensorFlow alone": ("tensorflow",)}),
    Known("tflite-float32", f"{_PHONES}; exact", _LITERT, beside=_BESIDE),
    Known("tflite-float16", f"{_PHONES}; half the size", _LITERT, beside=_BESIDE),
    Known("tflite-dynamic", f"{_PHONES}; a quarter of the size, weights of 8 bits", _LITERT, beside=_BESIDE),
    Known(INT8, f"{_PHONES}, microcontrollers; a quarter of the size, integers alone", _LITERT, beside=_BESIDE),
    Known("tfjs", f"{_PAGES}; exact", _WEB),
    Known("tfjs-uint8", f"{_PAGES}; under a third of the download", _WEB),
    Known("tfjs-float16", f"{_PAGES}; half the download", _WEB),
    Known(
        "onnx",
        "ONNX Runtime: servers and desktops, in C++, C#, Java, JavaScript, Python; most other tools",
        {"ONNX Runtime": ("onnxruntime",), "ONNX Runtime Web, Node": ("node", "npm:onnxruntime-web")},
        "onnx",
        beside=("ONNX Runtime Web, Node",),
    ),
    Known(
        "openvino",
        "OpenVINO: processors, graphics and NPUs of Intel, ARM's processors; OpenVINO Model Server",
        {"OpenVINO": ("openvino",)},
        "openvino",
    ),
)
KNOWN: Mapping[str, Known] = {row.name: row for row in _ROWS}


def refuse_absent(formats: Iterable[str]) -> None:
    """Refuse formats that cannot be written here, which is better known before hours of training than after.

    Args:
        formats: of a recipe's ``export.formats``.

    Raises:
        BadInput: what writes one of them is not installed.
    """
    wanted = [KNOWN[name] for name in formats]
    lacking = {row.name: absent for row in wanted if (absent := row.absent(row.writers))}
    if not lacking:
        return
    extras = sorted({KNOWN[name].extra for name in lacking} - {""})
    locks = " ".join(f"-r requirements-{extra}.lock" for extra in extras)
    setup = f'{_SETUP} EXTRAS="{" ".join(extras)}"' if extras else _SETUP
    also = f" (or pip install {locks})" if extras else ""
    others = [row.name for row in wanted if row.name not in lacking]
    what = "; ".join(f"{name} needs {', '.join(absent)}" for name, absent in lacking.items())
    without = f", or write the others alone\n{TRY}--set 'export.formats=[{', '.join(others)}]'" if others else ""
    raise BadInput(
        f"export.formats: expected formats that can be written here, received {', '.join(lacking)}, which cannot: "
        f"{what}; {setup}{also} installs it{without}"
    )
