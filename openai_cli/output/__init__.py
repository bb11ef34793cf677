"""Formats, transforms and everything else that turns a reply into text."""
