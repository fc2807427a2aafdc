<<<<<<< HEAD
"""Sweeps: which values are tried, which come next, and what they showed."""
=======
"""Sweeps: which values of a recipe are tried, and what trying them found."""
>>>>>>> sweep-page
