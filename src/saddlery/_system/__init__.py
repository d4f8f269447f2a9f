"""The operating system: files, memory, cores and signals."""
