"""The one name of the model inside a model artifact. Knows no Prefect."""

MODEL = "model.keras"
