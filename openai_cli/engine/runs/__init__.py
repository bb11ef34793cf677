"""The life of a run: what it is asked, how it moves through its statuses, who works on it."""
