"""What a .tflite says of itself: TFLite metadata inside the model, and files behind it."""
