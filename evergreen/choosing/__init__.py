"""From what a dataset is to a recipe for it: facts, a table of rules, and the file that a person reads."""
