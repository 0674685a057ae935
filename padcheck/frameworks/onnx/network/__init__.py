"""An ONNX model as a Network: read into sites and places, run by onnxruntime, altered, saved."""

from padcheck.frameworks.onnx.network.model import OnnxNetwork, open_network

__all__ = ["OnnxNetwork", "open_network"]
