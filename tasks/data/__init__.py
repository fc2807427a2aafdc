"""Tasks from the source to a weighed dataset."""
