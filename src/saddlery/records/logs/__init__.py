"""Logs that other programs wrote of a training: CSV files and TensorBoard's event files, read as series along steps."""
