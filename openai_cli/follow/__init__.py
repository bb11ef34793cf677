"""What happens to a run after it was set going: waiting for it, and answering its calls."""
