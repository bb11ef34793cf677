"""Request models, and one declaration for each operation."""
