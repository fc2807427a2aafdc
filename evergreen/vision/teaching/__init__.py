"""Networks that teach others."""
