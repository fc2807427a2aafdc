"""Heat maps as people see them: over the picture, on the report, and beside the original in a file."""
