"""The names of the formats."""

FORMATS = ("auto", "csv", "explore", "json", "jsonl", "pretty", "raw", "table", "text", "yaml")
"""Values of --format, in any case."""
ROW_FORMATS = ("csv", "table")
"""Formats with a row for each item or event, and with columns."""
