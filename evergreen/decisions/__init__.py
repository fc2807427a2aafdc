"""What people decided about single images, by the SHA-256 of their bytes: a file beside the recipe."""
