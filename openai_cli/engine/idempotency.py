"""`Idempotency-Key`: a repeated request gets the first answer and changes nothing.

The key is stored in the transaction that does the request's work, so of two simultaneous repeats,
in any two processes, exactly one does the work. Refusals are not stored: they change nothing.
"""

import hashlib
from typing import NamedTuple

from openai_cli.engine import refusals, serialize
from openai_cli.engine.handlers import Reply, StartedRun
from openai_cli.engine.http import HttpRequest
from openai_cli.engine.refusals import RefusalError
from openai_cli.engine.store import IdempotencyRecord, Transaction
from openai_cli.engine.strict_json import JsonObject

HEADER = "idempotency-key"
_KEPT_FOR = 24 * 3600
_LONGEST = 255


class IdempotentRequest(NamedTuple):
    """A request with an idempotency key."""

    key: str
    fingerprint: str

    def recall(self, tx: Transaction) -> IdempotencyRecord | None:
        """The stored answer to an earlier request with this key, if there is one.

        Raises:
            RefusalError: the key was used for another request.
        """
        first = tx.idempotency_records.get(self.key)
        if first is not None and first.fingerprint != self.fingerprint:
            raise RefusalError(
                "Invalid 'Idempotency-Key': it was first used with another request.",
                param="Idempotency-Key",
                code="invalid_value",
            )
        return first

    def keep(self, tx: Transaction, reply: Reply, now: int, *, background: bool) -> None:
        """Store the answer. For a run, store that it was started, unless it is answered
        immediately.
        """
        tx.idempotency_records.forget_before(now - _KEPT_FOR)
        answer: JsonObject | None = None
        run_id = None
        if isinstance(reply, StartedRun):
            run_id = reply.run.id
            if reply.stream:
                answer = {"beginning": [list(event) for event in reply.beginning]}
            elif background:
                answer = {"body": serialize.run(reply.run)}
        else:
            answer = {"body": reply}
        tx.idempotency_records.insert(
            IdempotencyRecord(self.key, now, self.fingerprint, answer, run_id)
        )

    def settle(self, tx: Transaction, body: JsonObject) -> None:
        """Store the final answer of a request that started a run."""
        tx.idempotency_records.update(self.key, answer={"body": body})


def idempotent_request(call: HttpRequest) -> IdempotentRequest | None:
    """The idempotent request, or None for a request without a key.

    Raises:
        RefusalError: the key is too long.
    """
    key = call.headers.get(HEADER)
    if not key or call.method != "POST":
        return None
    if len(key) > _LONGEST:
        raise refusals.text_too_long("Idempotency-Key", key, _LONGEST)
    digest = hashlib.sha256()
    for part in (call.path, *(f"{name}={value}" for name, value in call.query)):
        digest.update(part.encode() + b"\0")
    digest.update(call.body)
    return IdempotentRequest(key, digest.hexdigest())
