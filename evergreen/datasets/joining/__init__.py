"""From several sources to one dataset: classes of one name are one, and so is an image that several hold."""
