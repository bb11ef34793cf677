"""Following a run that was started: waiting for it, and answering its function calls."""
