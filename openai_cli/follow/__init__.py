"""Follows a started run: waits for it and answers its function calls."""
