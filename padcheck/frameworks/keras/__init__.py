"""Keras 3 on the TensorFlow or the torch backend: layers, channels last."""
