"""Facts about requests and runs, for logs and metrics; they contain no secrets."""

from typing import NamedTuple

from openai_cli.engine.strict_json import JsonObject

PROBE, MODELS, PASSED_ON = "probe", "models", "passthrough"
"""Operation names for requests that are not operations of the engine."""


class RequestReport(NamedTuple):
    """One request and its response."""

    method: str
    path: str
    """Percent-encoded, and so without line breaks."""
    operation: str
    """The operation's command-line name; empty for an unknown path."""
    status: int
    request_id: str
    run_id: str
    """The run that the request is about; empty if there is none."""
    streamed: bool
    seconds: float
    fault: BaseException | None

    @property
    def is_probe(self) -> bool:
        """Whether the request was a probe of an orchestrator or monitoring system."""
        return self.operation == PROBE


class RunReport(NamedTuple):
    """The result of one execution of a run in this process; the run may continue later."""

    run_id: str
    status: str
    seconds: float
    """Duration of the execution."""
    error: JsonObject | None
