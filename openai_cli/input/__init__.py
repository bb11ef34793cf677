"""Converts text to values: the command line, files and standard input to a request's values."""
