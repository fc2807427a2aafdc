"""One verb per file: read references, call the craft, publish, return a reference."""
