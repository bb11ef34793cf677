"""Text to values: the command line, files and standard input become a request's values."""
