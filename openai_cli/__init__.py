"""The `openai` command line for the Assistants family of operations."""

__version__ = "0.1.0"
__released__ = "2026-11-22"

DISTRIBUTION = "openai-threads-cli"
"""The name it is installed under; also a command, which no other package has."""


def version_line() -> str:
    """What `--version` prints: other packages bring a command `openai` too."""
    return f"openai {__version__} ({DISTRIBUTION}, {__path__[0]})\n"
