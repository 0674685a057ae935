"""LiteRT (TensorFlow Lite): models of one op, made by TensorFlow's converter, on its kernels."""
