"""Output: formats, transforms, colours and the pager."""
