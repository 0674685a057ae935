"""PyTorch: `torch.nn` modules and `torch.nn.functional.pad`."""
