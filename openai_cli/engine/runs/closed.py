"""What an end of a run consists of."""

from typing import NamedTuple

from openai_cli.engine.store import MessageRecord, RunRecord, StepRecord


class Closed(NamedTuple):
    """A run that has ended, with the messages and steps that ended with it."""

    run: RunRecord
    messages: list[MessageRecord]
    steps: list[StepRecord]
