"""int8 that is repaired: what is tried where ``tflite-int8`` answers otherwise than Keras, judged, and one is taken."""
