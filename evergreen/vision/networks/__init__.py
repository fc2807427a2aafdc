"""Networks, their weights, and how TensorFlow is set up for them."""
