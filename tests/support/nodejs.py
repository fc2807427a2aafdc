"""Node.js with the packages of TensorFlow.js, where both are installed."""

import shutil
from pathlib import Path

NODE_MODULES = Path(__file__).resolve().parents[2] / "node_modules"
PROGRAM = shutil.which("node") if (NODE_MODULES / "@tensorflow").is_dir() else None
