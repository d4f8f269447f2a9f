"""A watch over somebody's training in PyTorch."""
