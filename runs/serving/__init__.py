"""`evergreen serve`: champions that answer over HTTP. Knows no Prefect and starts no TensorFlow."""
