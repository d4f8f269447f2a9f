"""Analysis of recorded numbers: NumPy and labelled datasets in, numbers and words out, without JAX."""
