"""BentoML with the same .tflite and the same door; the environment names the model, its side and the workers."""

import os
from typing import Annotated

import bentoml
from bentoml.validators import ContentType
from model import Model

_QUIET = {"access": {"enabled": False}}


@bentoml.service(workers=int(os.environ["PEER_WORKERS"]), threads=1, traffic={"timeout": 30}, logging=_QUIET)
class Peer:
    """Answers an image as the request's body."""

    def __init__(self) -> None:
        self._model = Model(os.environ["PEER_MODEL"], int(os.environ["PEER_SIDE"]))

    @bentoml.api
    def predict(self, image: Annotated[bytes, ContentType("image/jpeg")], /) -> list[float]:
        """Return the probabilities."""
        return self._model.answer(image)
