"""TensorFlow models as networks: read, run, taken apart and changed."""

from padcheck.frameworks.tensorflow.network.loading import load_keras_model, open_network

__all__ = ["load_keras_model", "open_network"]
