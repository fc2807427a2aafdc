"""One module per export format, each with the same two verbs: ``write`` a model, ``open_predictor``."""
