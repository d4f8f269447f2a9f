"""What recorded numbers say: NumPy and labelled datasets in, numbers and words out, without JAX."""
