"""Where labelled images come from, and how archives are opened."""
