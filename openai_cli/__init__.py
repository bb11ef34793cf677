"""The `openai` command line for the Assistants family of operations."""

__version__ = "0.1.0"
__released__ = "2026-11-22"


def version_line() -> str:
    """What `--version` prints."""
    return f"openai {__version__}\n"
