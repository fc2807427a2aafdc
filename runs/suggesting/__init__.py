"""What is to be labelled next of a recipe, from its dataset or a folder: candidates, who judges them, what is asked."""
