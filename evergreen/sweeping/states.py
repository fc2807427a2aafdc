"""How a trial may stand, in one word each."""

WAITING, RUNNING, TRAINED, REUSED, PRUNED, FAILED = "waiting", "running", "trained", "reused", "pruned", "failed"
# It came to its end, and has a model.
ENDED = (TRAINED, REUSED)
