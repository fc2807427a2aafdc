"""Whether new images are like those that a model was judged by: a reference, tests, an accuracy without labels."""
