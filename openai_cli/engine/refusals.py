"""The API's refusals, each text in one place.

Programs compare these texts, so they are worded, quoted and punctuated as the service did.
"""

from collections.abc import Mapping, Sequence

from openai_cli.engine.strict_json import JsonObject

_NAMES = {
    "asst": "assistant",
    "thread": "thread",
    "run": "run",
    "msg": "message",
    "step": "run step",
}


class RefusalError(Exception):
    """One request is refused. The engine answers it in the API's error shape."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code
        self.headers = headers or {}

    def body(self) -> JsonObject:
        """The error in the API's shape."""
        return {
            "error": {
                "message": self.message,
                "type": "invalid_request_error" if self.status < 500 else "server_error",
                "param": self.param,
                "code": self.code,
            }
        }


def not_found(kind: str, record_id: str) -> RefusalError:
    """No such record, or not where it was looked for."""
    return RefusalError(f"No {_NAMES[kind]} found with id '{record_id}'.", status=404)


def wrong_prefix(param: str, value: str, prefix: str) -> RefusalError:
    """An id of another kind, or none at all, such as 'undefined'."""
    return RefusalError(
        f"Invalid '{param}': '{value}'. Expected an ID that begins with '{prefix}'.",
        param=param,
        code="invalid_value",
    )


def missing(param: str) -> RefusalError:
    """A required field is not there."""
    return RefusalError(
        f"Missing required parameter: '{param}'.", param=param, code="missing_required_parameter"
    )


def unknown(param: str) -> RefusalError:
    """A field that this operation does not have."""
    return RefusalError(f"Unknown parameter: '{param}'.", param=param, code="unknown_parameter")


def wrong_type(param: str, expected: str, got: str) -> RefusalError:
    """A value of another JSON type."""
    return RefusalError(
        f"Invalid type for '{param}': expected {expected}, but got {got} instead.",
        param=param,
        code="invalid_type",
    )


def wrong_value(param: str, value: str, supported: Sequence[str]) -> RefusalError:
    """A word that is none of the known ones."""
    quoted = [f"'{word}'" for word in supported]
    if len(quoted) == 1:
        known = f"Supported values are: {quoted[0]}."
    elif len(quoted) == 2:
        known = f"Supported values are: {quoted[0]} and {quoted[1]}."
    else:
        known = f"Supported values are: {', '.join(quoted[:-1])}, and {quoted[-1]}."
    return RefusalError(f"Invalid value: '{value}'. {known}", param=param, code="invalid_value")


def out_of_bounds(param: str, problem: str, expectation: str, code: str) -> RefusalError:
    """A value beyond a documented bound."""
    return RefusalError(
        f"Invalid '{param}': {problem}. Expected {expectation}.", param=param, code=code
    )


def unknown_cursor(name: str, value: str, kind: str) -> RefusalError:
    """`after` or `before` is not in the list."""
    return RefusalError(
        f"Invalid '{name}': no {_NAMES[kind]} with id '{value}' in this list.",
        param=name,
        code="invalid_value",
    )


def run_on_locked_thread(thread_id: str, run_id: str) -> RefusalError:
    """A second run while one is active."""
    return RefusalError(f"Thread {thread_id} already has an active run {run_id}.")


def message_on_locked_thread(thread_id: str, run_id: str) -> RefusalError:
    """A new message while a run is active."""
    return RefusalError(f"Can't add messages to {thread_id} while a run {run_id} is active.")


def outputs_not_awaited(status: str) -> RefusalError:
    """Tool outputs for a run that does not wait for them."""
    return RefusalError(f'Runs in status "{status}" do not accept tool outputs.')


def wrong_outputs(expected: Sequence[str], got: Sequence[str]) -> RefusalError:
    """Outputs that are not exactly those the run waits for."""
    return RefusalError(f"Expected tool outputs for call_ids {_ids(expected)}, got {_ids(got)}")


def cannot_cancel(status: str) -> RefusalError:
    """Cancelling what has ended or is being cancelled."""
    return RefusalError(f"Cannot cancel run with status '{status}'.")


def unsupported(field: str, value: object, lack: str, backend: str) -> RefusalError:
    """Something that the model's backend cannot carry; `lack` is what it would need."""
    quoted = f": '{value}'" if value is not None else ""
    without = f" {lack}" if lack else ""
    return RefusalError(
        f"'{field}'{quoted} is not supported by the {backend} backend{without}.",
        param=field,
        code="unsupported_parameter",
    )


def _ids(ids: Sequence[str]) -> str:
    return "[" + ", ".join(f"'{one}'" for one in ids) + "]"
