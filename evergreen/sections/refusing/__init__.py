"""What is wrong with a recipe, in our own words, and the lines to type instead."""
