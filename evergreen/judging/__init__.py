"""How good a model is, from its probabilities: measures, calibration, shortcuts, a verdict. Knows no TensorFlow."""
