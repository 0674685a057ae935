"""ONNX: reads models into sites, and runs specs with onnxruntime."""
