"""LitServe with the same .tflite and the same door: ``python peer_litserve.py MODEL.tflite SIDE WORKERS PORT``."""

import base64
import sys
from typing import Any

import litserve
from model import Model


class Api(litserve.LitAPI):
    """Answers JSON with base64, as LitServe's own examples for images do: it parses no other body."""

    def setup(self, device: str) -> None:
        """Open the model, once a worker."""
        self._model = Model(sys.argv[1], int(sys.argv[2]))

    def decode_request(self, request: dict[str, str], **_: Any) -> bytes:
        """Return the image's bytes."""
        return base64.b64decode(request["image"])

    def predict(self, data: bytes, **_: Any) -> list[float]:
        """Return the probabilities."""
        return self._model.answer(data)

    def encode_response(self, output: list[float], **_: Any) -> dict[str, list[float]]:
        """Return the answer."""
        return {"probabilities": output}


if __name__ == "__main__":
    server = litserve.LitServer(Api(), accelerator="cpu", devices=1, workers_per_device=int(sys.argv[3]))
    server.run(host="127.0.0.1", port=int(sys.argv[4]), generate_client_file=False, log_level="warning")
