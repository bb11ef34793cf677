"""The manual: man pages and reference pages, generated from the declarations."""
