"""Shell completion: static scripts for four shells, generated from the declared operations."""
