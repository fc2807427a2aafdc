"""The page that runs an exported model in a browser: what it is written from; its own files are in ``web/``."""
