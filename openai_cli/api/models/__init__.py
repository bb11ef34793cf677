"""Pydantic models of what is sent, one module a resource."""
