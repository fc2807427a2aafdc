"""What happens between the first epoch and the last."""
