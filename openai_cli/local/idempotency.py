"""`Idempotency-Key`: a repeated request gets its first answer and changes nothing.

The key is kept in the transaction that does the request's work, so that of two repeats at the same
moment, in any two processes, exactly one does it. Refusals are not kept: they changed nothing.
"""

import hashlib
from typing import NamedTuple

from openai_cli.local import objects, refusals
from openai_cli.local.errors import ApiError
from openai_cli.local.http import Call
from openai_cli.local.jsontext import JsonObject
from openai_cli.local.operations import Reply, Started
from openai_cli.local.store import FirstAnswer, Transaction

HEADER = "idempotency-key"
_KEPT_FOR = 24 * 3600
_LONGEST = 255


class Memory(NamedTuple):
    """A keyed request."""

    key: str
    fingerprint: str

    def recall(self, tx: Transaction) -> FirstAnswer | None:
        """What the request was answered the first time, if it is not the first.

        Raises:
            ApiError: the key was used for another request.
        """
        first = tx.first_answers.get(self.key)
        if first is not None and first.fingerprint != self.fingerprint:
            raise ApiError(
                "Invalid 'Idempotency-Key': it was first used with another request.",
                param="Idempotency-Key",
                code="invalid_value",
            )
        return first

    def keep(self, tx: Transaction, reply: Reply, now: int, *, at_once: bool) -> None:
        """Remember the answer; for a run, that it was started, unless it is answered at once."""
        tx.first_answers.forget_before(now - _KEPT_FOR)
        answer: JsonObject | None = None
        run_id = None
        if isinstance(reply, Started):
            run_id = reply.run.id
            if reply.stream:
                answer = {"beginning": [list(event) for event in reply.beginning]}
            elif at_once:
                answer = {"body": objects.run(reply.run)}
        else:
            answer = {"body": reply}
        tx.first_answers.insert(FirstAnswer(self.key, now, self.fingerprint, answer, run_id))

    def settle(self, tx: Transaction, body: JsonObject) -> None:
        """Remember what a started run's request was answered in the end."""
        tx.first_answers.update(self.key, answer={"body": body})


def memory_of(call: Call) -> Memory | None:
    """The memory for a request with a key; None without one.

    Raises:
        ApiError: the key is too long.
    """
    key = call.headers.get(HEADER)
    if not key or call.method != "POST":
        return None
    if len(key) > _LONGEST:
        raise refusals.out_of_bounds(
            "Idempotency-Key",
            "string too long",
            f"a string with maximum length {_LONGEST}, but got a string with length {len(key)} "
            "instead",
            "string_above_max_length",
        )
    digest = hashlib.sha256()
    for part in (call.path, *(f"{name}={value}" for name, value in call.query)):
        digest.update(part.encode() + b"\0")
    digest.update(call.body)
    return Memory(key, digest.hexdigest())
