"""The life cycle of a run: its prompts, its status changes, and the process that works on it."""
