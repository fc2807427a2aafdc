"""What a run says of itself when it has ended: run.json, its classes, and the accuracy under the other grouping."""
