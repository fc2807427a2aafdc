"""The order of the steps, and the command `evergreen` that runs them."""
