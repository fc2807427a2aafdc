"""What the Prefect dashboard shows."""
