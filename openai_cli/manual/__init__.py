"""The manual: man pages and reference pages, made from what is declared elsewhere."""
