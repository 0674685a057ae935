"""From an ONNX file to its windowed ops: loading, scopes, constants, shapes, sites."""
