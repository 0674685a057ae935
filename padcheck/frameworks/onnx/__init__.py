"""ONNX: reads models into sites, runs specs with onnxruntime and with onnx.reference."""
