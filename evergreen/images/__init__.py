"""From a file's bytes to the pixels that a network takes."""
