"""MLflow's pyfunc with the same .tflite and the same door: ``python peer_mlflow.py MODEL.tflite SIDE FOLDER`` saves it.

MLflow runs this file once more where it serves, to know the model from its code.
"""

import base64
import sys
import threading
from pathlib import Path
from typing import Any

import mlflow.pyfunc
from mlflow.models import set_model


class Peer(mlflow.pyfunc.PythonModel):
    """Answers a table with one column, images in base64."""

    def load_context(self, context: Any) -> None:
        """Open the model, once a process."""
        from model import Model

        self._model = Model(context.artifacts["model"], int(context.model_config["side"]))
        self._one = threading.Lock()  # MLflow asks from several threads, and an interpreter answers one

    def predict(self, context: Any, model_input: Any, params: Any = None) -> list[list[float]]:
        """Return the probabilities of each row."""
        with self._one:
            return [self._model.answer(base64.b64decode(image)) for image in model_input["image"]]


set_model(Peer())

if __name__ == "__main__":
    path, side, folder = sys.argv[1:]
    here = Path(__file__)
    mlflow.pyfunc.save_model(
        folder,
        python_model=str(here),
        artifacts={"model": path},
        code_paths=[str(here.with_name("model.py"))],
        model_config={"side": int(side)},
        pip_requirements=[],
    )
