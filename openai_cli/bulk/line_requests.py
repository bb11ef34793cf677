"""Builds the request of each line: the fields of the line override those of the flags."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from openai_cli.api.check import Finding, Path, body_of, path_text, slips, validate
from openai_cli.api.flags import annotation_at, flags_of, model_of
from openai_cli.api.operation import Operation, Request, build_request
from openai_cli.bulk.input_file import InputLine
from openai_cli.bulk.templates import filled
from openai_cli.errors import Problem
from openai_cli.input.body_builder import BodyBuilder
from openai_cli.input.read_request import blank_ids, id_fields


class LineRequests:
    """Requests from lines; `defaults` has the fields set by flags, `columns` a CSV file's names."""

    def __init__(
        self,
        operation: Operation,
        defaults: BodyBuilder,
        columns: tuple[str, ...] = (),
        *,
        check: bool = True,
    ) -> None:
        self._operation = operation
        self._defaults = defaults
        self._columns = columns
        self._check = check
        self._model = operation.request
        self._ids = id_fields(flags_of(operation))
        self._merged_keys = {
            key
            for key, value in defaults.values.items()
            if isinstance(value, dict) and model_of(annotation_at(self._model, key)) is not None
        }

    @property
    def fingerprint(self) -> str:
        """A digest of the fields that the flags set."""
        text = json.dumps(self._defaults.values, sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def read(self, line: InputLine) -> tuple[Request | None, list[Problem]]:
        """The line's request and its warnings; or None and all problems of the line."""
        if line.problems:
            return None, list(line.problems)
        values = self._values(line.fields)
        if not self._check:
            return build_request(self._operation, values), []
        result = validate(self._model, values)
        if isinstance(result, list):
            return None, [self._problem(finding, line) for finding in result]
        body = body_of(result)
        if blanks := blank_ids(body, self._ids):
            return None, [self._problem(finding, line) for finding in blanks]
        if body.get("stream") is True:
            what = "is not possible with --each; --wait waits for the run"
            return None, [self._problem(Finding(("stream",), what), line)]
        warnings = [self._problem(finding, line) for finding in slips(result)]
        return build_request(self._operation, body), warnings

    def _values(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        defaults = self._defaults.values
        if self._columns:
            return {key: filled(value, fields) for key, value in defaults.items()}
        merged = {
            key: {**defaults[key], **fields[key]}
            for key in self._merged_keys & fields.keys()
            if isinstance(fields[key], dict)
        }
        return {**defaults, **fields, **merged}

    def _problem(self, finding: Finding, line: InputLine) -> Problem:
        """The finding as a problem of the line, or of the flag that set the value."""
        if not self._is_in_line(finding.path, line.fields) and not finding.missing:
            found = self._defaults.problem(finding)
            return Problem(f"{line.source}, {found.source}", found.message, found.path)
        return Problem(line.source, finding.message, path_text(finding.path))

    def _is_in_line(self, path: Path, fields: Mapping[str, Any]) -> bool:
        if self._columns or not path:
            return False
        first = path[0]
        if first in self._merged_keys and len(path) > 1:
            inner = fields.get(str(first))
            return isinstance(inner, dict) and path[1] in inner
        return first in fields


def idempotency_key(job: str, line: InputLine, request: Request, turn: int) -> str:
    """The idempotency key of a line's request: stable across calls, new for each `turn`.

    A hash of the job's id, the line's number, `turn`, the path and the body.
    """
    body = json.dumps(request.body, sort_keys=True, default=str)
    text = f"{job}\n{line.number}\n{turn}\n{request.path}\n{body}"
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"openai-cli-{digest[:32]}"
