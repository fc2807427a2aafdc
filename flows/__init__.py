"""The order of the steps, how a run begins and ends, and what the dashboard shows of it."""
