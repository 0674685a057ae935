"""onnx2torch: a converter from ONNX to PyTorch, run as it is, in this process."""
