"""Tasks that train and judge a model."""
