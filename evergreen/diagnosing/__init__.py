"""What is wrong with a dataset's labels: found by what a probe says of each image that it did not learn from."""
