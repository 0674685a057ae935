"""onnx2tf: a converter from ONNX to TensorFlow, run as it is, in this process."""
