"""How images come to their sides: what stays together, the methods, refusals, and what is said of it."""
