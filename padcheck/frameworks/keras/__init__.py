"""Keras 3 on the TensorFlow backend: layers, channels last."""
