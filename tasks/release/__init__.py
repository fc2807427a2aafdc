"""Tasks that export, prove and report a model."""
