"""What the operating system gives: files, memory, cores and signals."""
