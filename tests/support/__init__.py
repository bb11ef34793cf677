"""Shared test support: a shell to run the tool in, and servers to run it against."""
