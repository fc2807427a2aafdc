"""What people decided about single images, held against a dataset."""
