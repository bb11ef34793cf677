"""`openai local serve`: the embedded engine behind an HTTP server."""

from __future__ import annotations

from openai_cli.cli.session import Session
from openai_cli.errors import CliError


def serve(_session: Session) -> None:
    """Serve until stopped."""
    raise CliError("the server is not part of this version yet")
