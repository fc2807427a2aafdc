"""What the OpenAPI page says of the address that answers for images; the code there reads and writes it by hand."""

from typing import Any

from pydantic import BaseModel, Field


class Likely(BaseModel):
    """A class and its probability."""

    label: str
    probability: float = Field(ge=0, le=1)


class Predicted(BaseModel):
    """What is said of one image: why it cannot be used, or all but that."""

    image: str | None = Field(description="As the request called it.")
    sha256: str = Field(description="Of the image's bytes.")
    top: list[Likely] | None = Field(None, description="The likeliest classes, likeliest first.")
    unsure: bool | None = Field(None, description="Whether the first probability is below unsure_below.")
    probabilities: dict[str, float] | None = Field(None, description="Of every class.")
    error: str | None = Field(None, description="Why the image cannot be used.")


class Predictions(BaseModel):
    """What a request is answered."""

    recipe: str
    release: str = Field(description="SHA-256 of the release that answered.")
    model: str = Field(description="SHA-256 of its model.")
    run: str | None = Field(description="The run that made it.")
    format: str
    proved: bool | None = Field(description="Whether it gave its golden answers here; null: it has none.")
    since: str = Field(description="UTC time at which it became the champion.")
    canary: bool = Field(description="Whether it is no champion, but gets a share of the requests.")
    unsure_below: float | None
    milliseconds: float = Field(description="From the body being there to the last answer.")
    predictions: list[Predicted]


class Refused(BaseModel):
    """Why there is no answer."""

    error: str


_WHY = {
    400: "The request is not what is expected.",
    401: "The token is missing or another one.",
    403: "The Host is not known, or another site's page asks.",
    404: "No such recipe is served.",
    408: "The request did not come in time.",
    413: "It is too large.",
    415: "It is of a type that is not read.",
    429: "As many images wait as may: Retry-After says when to ask again.",
    503: "A worker ended, or nothing answers for the recipe now.",
    504: "It took too long.",
}
_BYTES = {"schema": {"type": "string", "format": "binary"}}
_JSON = {
    "schema": {
        "type": "object",
        "required": ["images"],
        "properties": {
            "images": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["data"],
                    "properties": {
                        "data": {"type": "string", "format": "byte", "description": "The file in base64."},
                        "name": {"type": "string"},
                    },
                },
            },
            "top": {"type": "integer", "minimum": 1, "default": 3},
        },
    }
}
_MULTIPART = {
    "schema": {
        "type": "object",
        "properties": {"files": {"type": "array", "items": {"type": "string", "format": "binary"}}},
    }
}

PREDICT: dict[str, Any] = {
    "response_model": Predictions,
    "responses": {
        422: {"model": Predictions, "description": "The one image that was sent cannot be used."},
        **{status: {"model": Refused, "description": words} for status, words in _WHY.items()},
    },
    "openapi_extra": {
        "parameters": [
            {
                "name": "top",
                "in": "query",
                "description": "How many classes are listed.",
                "schema": {"type": "integer", "minimum": 1, "default": 3},
            }
        ],
        "requestBody": {
            "required": True,
            "content": {
                "image/*": _BYTES,
                "application/octet-stream": _BYTES,
                "multipart/form-data": _MULTIPART,
                "application/json": _JSON,
            },
        },
    },
}
