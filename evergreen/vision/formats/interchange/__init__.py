"""Formats that runtimes of other makers read: ONNX and OpenVINO, each written by the library of an extra."""
