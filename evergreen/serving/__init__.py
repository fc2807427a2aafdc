"""What answers: LiteRT in processes of its own, golden images that prove it. Starts no TensorFlow."""
