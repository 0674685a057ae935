"""tf2onnx: Keras models to ONNX."""
