"""Pydantic models of requests, one module a resource, and of answers."""
