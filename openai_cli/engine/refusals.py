"""The API's refusals, with their texts.

Clients compare these texts, so wording, quotes and punctuation follow the original service.
"""

from collections.abc import Mapping, Sequence, Sized

from openai_cli.engine.strict_json import JsonObject

_NOUNS = {"step": "run step"}


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
    """The record does not exist, or belongs to another parent."""
    return RefusalError(f"No {_NOUNS.get(kind, kind)} found with id '{record_id}'.", status=404)


def unstorable_text() -> RefusalError:
    """A name or id with a character that the database cannot hold."""
    return RefusalError(
        "Invalid text: this store cannot hold the character U+0000 in a name or an id.",
        code="invalid_value",
    )


def wrong_prefix(param: str, value: str, prefix: str) -> RefusalError:
    """An id with the wrong prefix, or another text, such as 'undefined'."""
    return RefusalError(
        f"Invalid '{param}': '{value}'. Expected an ID that begins with '{prefix}'.",
        param=param,
        code="invalid_value",
    )


def missing(param: str) -> RefusalError:
    """A required field is missing."""
    return RefusalError(
        f"Missing required parameter: '{param}'.", param=param, code="missing_required_parameter"
    )


def unknown(param: str) -> RefusalError:
    """An unknown field of this operation."""
    return RefusalError(f"Unknown parameter: '{param}'.", param=param, code="unknown_parameter")


def wrong_type(param: str, expected: str, got: str) -> RefusalError:
    """A value of another JSON type."""
    return RefusalError(
        f"Invalid type for '{param}': expected {expected}, but got {got} instead.",
        param=param,
        code="invalid_type",
    )


def wrong_value(param: str, value: str, supported: Sequence[str]) -> RefusalError:
    """A text that is not one of the supported values."""
    quoted = [f"'{word}'" for word in supported]
    if len(quoted) == 1:
        known = f"Supported values are: {quoted[0]}."
    elif len(quoted) == 2:
        known = f"Supported values are: {quoted[0]} and {quoted[1]}."
    else:
        known = f"Supported values are: {', '.join(quoted[:-1])}, and {quoted[-1]}."
    return RefusalError(f"Invalid value: '{value}'. {known}", param=param, code="invalid_value")


def below_minimum(param: str, value: float, least: float) -> RefusalError:
    """A number that is too small; a float as bound means that decimals are allowed."""
    return _out_of_bounds(
        param,
        f"{_number(least)} below minimum value",
        f"a value >= {least:g}, but got {value} instead",
        f"{_number(least)}_below_min_value",
    )


def above_maximum(param: str, value: float, most: float) -> RefusalError:
    """A number that is too large; for the bound see `below_minimum`."""
    return _out_of_bounds(
        param,
        f"{_number(most)} above maximum value",
        f"a value <= {most:g}, but got {value} instead",
        f"{_number(most)}_above_max_value",
    )


def _number(bound: float) -> str:
    return "integer" if isinstance(bound, int) else "decimal"


def empty_text(param: str) -> RefusalError:
    """An empty text where a non-empty one is required."""
    return _out_of_bounds(
        param,
        "empty string",
        "a string with minimum length 1, but got an empty string instead",
        "empty_string",
    )


def text_too_long(param: str, value: str, longest: int) -> RefusalError:
    """A text with too many characters."""
    return _wrong_length(param, "string", value, longest, above=True)


def wrong_pattern(param: str, pattern: str) -> RefusalError:
    """A text that does not match the pattern."""
    return _out_of_bounds(
        param,
        "string does not match pattern",
        f"a string that matches the pattern '{pattern}'",
        "invalid_value",
    )


def list_too_long(param: str, value: Sized, longest: int) -> RefusalError:
    """A list with too many elements."""
    return _wrong_length(param, "array", value, longest, above=True)


def list_too_short(param: str, value: Sized, fewest: int) -> RefusalError:
    """A list with too few elements."""
    return _wrong_length(param, "array", value, fewest, above=False)


def too_many_properties(param: str, value: Sized, most: int) -> RefusalError:
    """An object with too many keys."""
    return _out_of_bounds(
        param,
        "too many properties",
        f"an object with at most {most} properties, but got an object with {len(value)} "
        "properties instead",
        "object_above_max_properties",
    )


def key_too_long(param: str, key: str, longest: int) -> RefusalError:
    """A key with too many characters."""
    return _out_of_bounds(
        param,
        "key too long",
        f"keys with maximum length {longest}, but got a key with length {len(key)} instead",
        "string_above_max_length",
    )


def _wrong_length(param: str, kind: str, value: Sized, bound: int, *, above: bool) -> RefusalError:
    problem, limit, code = ("long", "maximum", "max") if above else ("short", "minimum", "min")
    one = f"{'an' if kind == 'array' else 'a'} {kind} with"
    return _out_of_bounds(
        param,
        f"{kind} too {problem}",
        f"{one} {limit} length {bound}, but got {one} length {len(value)} instead",
        f"{kind}_{'above' if above else 'below'}_{code}_length",
    )


def _out_of_bounds(param: str, problem: str, expectation: str, code: str) -> RefusalError:
    return RefusalError(
        f"Invalid '{param}': {problem}. Expected {expectation}.", param=param, code=code
    )


def unknown_cursor(name: str, value: str, kind: str) -> RefusalError:
    """`after` or `before` is not in the list."""
    return RefusalError(
        f"Invalid '{name}': no {_NOUNS.get(kind, kind)} with id '{value}' in this list.",
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
    """Outputs that do not match the calls that the run waits for."""
    return RefusalError(f"Expected tool outputs for call_ids {_ids(expected)}, got {_ids(got)}")


def cannot_cancel(status: str) -> RefusalError:
    """Cancelling a run that has ended or is being cancelled."""
    return RefusalError(f"Cannot cancel run with status '{status}'.")


def unsupported(field: str, value: object, lack: str, backend: str) -> RefusalError:
    """A feature that the model's backend does not support; `lack` names what is missing for it."""
    quoted = f": '{value}'" if value is not None else ""
    without = f" {lack}" if lack else ""
    return RefusalError(
        f"'{field}'{quoted} is not supported by the {backend} backend{without}.",
        param=field,
        code="unsupported_parameter",
    )


def _ids(ids: Sequence[str]) -> str:
    return "[" + ", ".join(f"'{one}'" for one in ids) + "]"
