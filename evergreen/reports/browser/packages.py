"""What runs models in a browser: the page's own modules, and the packages that npm installs for it."""

from pathlib import Path

WEB = Path(__file__).with_name("web")
NODE_MODULES = Path(__file__).parents[3] / "node_modules"
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


def missing(files: tuple[str, ...]) -> list[str]:
    """Return which files of packages are not installed."""
    return [name for name in files if not (NODE_MODULES / name).is_file()]
