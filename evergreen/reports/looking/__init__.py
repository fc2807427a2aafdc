"""What of a report is looked at picture by picture: cells of the confusion matrix, a map, a threshold that is moved."""
