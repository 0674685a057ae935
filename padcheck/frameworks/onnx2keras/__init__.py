"""onnx2keras: a converter from ONNX to Keras, run as it is, in this process."""
