"""The engine's two kinds of trouble.

- `StoreError`: the file cannot be used; nobody's request is at fault. Leaves the transport as an
  exception.
- `ApiError`: the request is refused; becomes an answer in the API's error shape.
"""

from collections.abc import Mapping

from openai_cli.engine.strict_json import JsonObject


class StoreError(Exception):
    """The store cannot be opened, read or written. The message is one line and names the file."""


class RefusalError(Exception):
    """A refusal of one request, with everything its answer says."""

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
