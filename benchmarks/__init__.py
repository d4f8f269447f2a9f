"""Saddlery beside its peers: `python -m benchmarks`."""
