"""What people look at beside one run: lists of runs and recipes, two runs side by side."""
