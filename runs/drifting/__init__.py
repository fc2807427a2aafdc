"""New images against what a run kept of those that its model was judged by. Knows no Prefect."""
