"""Networks, training, evaluation and export. The only place that imports TensorFlow, and late."""
