"""The Prefect server: the user's own or a private one, and what it knows of runs."""
