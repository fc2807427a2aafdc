"""Schedules of recipes in prefect.yaml: what is written, and where in the file."""
