"""Pydantic models of requests, one module per resource, and of answers."""
