"""Completion for four shells: static scripts, generated from the declared operations."""
