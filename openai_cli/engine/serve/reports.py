"""What a server tells of its requests and runs, to logs and metrics; none of it is a secret."""

from typing import NamedTuple

from openai_cli.engine.strict_json import JsonObject

PROBE, MODELS, PASSED_ON = "probe", "models", "passthrough"
"""Names of what is asked for beside the engine's operations."""


class RequestReport(NamedTuple):
    """One request and its response."""

    method: str
    path: str
    """Still percent-encoded: it has no character that could end a line."""
    operation: str
    """What was asked for, in the words of the command line; empty if nothing has that path."""
    status: int
    request_id: str
    run_id: str
    """The run that it is about, or nothing."""
    streamed: bool
    seconds: float
    fault: BaseException | None

    @property
    def is_probe(self) -> bool:
        """Whether it came from what watches the process."""
        return self.operation == PROBE


class RunReport(NamedTuple):
    """What became of a run that was worked on here; it may go on later."""

    run_id: str
    status: str
    seconds: float
    """That it was worked on."""
    error: JsonObject | None
