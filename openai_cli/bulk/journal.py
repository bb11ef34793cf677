"""The journal of `--each`: the results themselves, and beside them what a next call must know.

`results.jsonl` has one result a line. `results.jsonl.state` has, as JSON lines: the job, which is
the input and how it is read; the runs that were started and not finished; and lines whose next
attempt is a new request. Its lock belongs to one process at a time.
"""

from __future__ import annotations

import json
import os
import secrets
from array import array
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, NamedTuple

from openai_cli.bulk.appended_file import AppendedFile, JournalError, failure
from openai_cli.bulk.line_set import LineSet
from openai_cli.bulk.result import read_result
from openai_cli.bulk.results import Earlier, StartedRun
from openai_cli.errors import Problem, UsageError

STATE_SUFFIX = ".state"
_VERSION = 1


class Job(NamedTuple):
    """What the results are about; another call goes on with them only if all of this is the same.

    `digest` and `lines` are those of the whole input file; None for standard input, whose lines
    are compared one by one. `flags` is a digest of what the flags set.
    """

    input: str
    digest: str | None
    lines: int | None
    flags: str
    shard: str


class Journal:
    """Results in a file, with its state; a context manager.

    Raises UsageError for results of another job, or of a process that still runs; JournalError if
    a file cannot be used.
    """

    lasting = True

    def __init__(self, path: Path, job: Job, *, retry_failed: bool = False) -> None:
        self.path = path
        self._done = LineSet()
        self._failed = LineSet()
        self._started: dict[int, StartedRun] = {}
        self._turns: dict[int, int] = {}
        self._seen = array("Q")
        self._state = AppendedFile(path.with_name(path.name + STATE_SUFFIX))
        with ExitStack() as opened:
            opened.callback(self._state.close)
            self._lock()
            self.job_id = self._open_job(job)
            self._results = AppendedFile(path)
            opened.callback(self._close_results)
            self.earlier = self._read_results(retry_failed=retry_failed)
            self._read_state()
            self._opened = opened.pop_all()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        with self._opened:
            self.sync()

    def is_done(self, number: int, /) -> bool:
        """Whether the line has a result that stays."""
        return number in self._done

    def started(self, number: int, /) -> StartedRun | None:
        """The run that an earlier call started for the line, if its end is not known."""
        return self._started.get(number)

    def turn(self, number: int, /) -> int:
        """How many requests for the line came to a definite end."""
        return self._turns.get(number, 0)

    def compare(self, number: int, digest: bytes, /) -> bool:
        """Record what was read from standard input; False if an earlier call read otherwise."""
        short = int.from_bytes(digest[:8], "big")
        known = self._seen[number] if number < len(self._seen) else 0
        if not known:
            self._state.append(json.dumps({"line": number, "digest": short}))
        return known in (0, short)

    def begin(self, _number: int, _stopped: Callable[[], bool], /) -> None:
        """Nothing is to be held back."""

    def leave_out(self, _number: int, /) -> None:
        """A line without a result is not done."""

    def start(self, number: int, run: StartedRun, /) -> None:
        """Record that the line's run was started."""
        self._state.append(json.dumps({"line": number, **run._asdict()}))

    def finish(self, number: int, text: str, /, *, definite: bool) -> None:
        """Add the line's result. `definite`: to try again, a new request is needed."""
        self._results.append(text)
        if definite:
            turn = self.turn(number) + 1
            # Without it, the line is tried once more with its old key.
            with suppress(JournalError):
                self._state.append(json.dumps({"line": number, "turn": turn}))

    def sync(self) -> None:
        """Wait until everything so far is on the disk."""
        self._results.sync()
        self._state.sync()

    def put_in_order(self) -> None:
        """Sort the results by line; a crash leaves either order."""
        from openai_cli.bulk.sorted_results import sort_file

        self._results.sync()
        sort_file(self.path)

    def _close_results(self) -> None:
        """Close the file that they are in now; --retry-failed writes a new one."""
        self._results.close()

    def _lock(self) -> None:
        import fcntl  # which Windows lacks

        try:
            fcntl.flock(self._state.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            what = f"another process is writing {self.path}"
            raise UsageError(problems=[Problem("--output", what)]) from None
        except OSError as error:
            raise failure(self._state.path, "lock", error) from None

    def _open_job(self, job: Job) -> str:
        """The id of the job: that of the state, if there is one for this job, or a new one."""
        self._state.repair()
        first = next(self._state.lines(), None)
        if first is None:
            if self.path.exists() and self.path.stat().st_size:
                what = f"{self.path} exists, and its {self._state.path.name} does not"
                self._state.path.unlink()
                raise UsageError(problems=[Problem("--output", f"{what}: name another file")])
            job_id = secrets.token_hex(16)
            header = {"version": _VERSION, "job": job_id, **job._asdict()}
            self._state.append(json.dumps(header))
            self._state.sync()
            _sync_folder(self.path.parent)
            return job_id
        return _matching(first, job, self._state.path)

    def _read_results(self, *, retry_failed: bool) -> Earlier:
        repaired = self._results.repair()
        tokens = 0
        for at, line in enumerate(self._results.lines(), 1):
            number, failed, used = read_result(line, self.path, at)
            tokens += used
            self._done.add(number)
            (self._failed.add if failed else self._failed.remove)(number)
        earlier = Earlier(len(self._done), len(self._failed), tokens, repaired)
        if retry_failed and len(self._failed):
            self._drop_failed()
        return earlier

    def _drop_failed(self) -> None:
        """Write the results anew without those that failed."""
        kept = AppendedFile(self.path.with_name(self.path.name + ".new"), anew=True)
        try:
            kept.take_place(self.path, self._without_failed())
        except BaseException:
            kept.close()
            raise
        self._results.close()
        self._results = kept

    def _without_failed(self) -> Iterator[bytes]:
        for at, line in enumerate(self._results.lines(), 1):
            number, failed, _ = read_result(line, self.path, at)
            if failed:
                self._done.remove(number)
            else:
                yield line

    def _read_state(self) -> None:
        lines = self._state.lines()
        next(lines)
        for line in lines:
            try:
                self._read_entry(_parsed(line, self._state.path))
            except (KeyError, TypeError, OverflowError):
                raise _damaged(line, self._state.path) from None

    def _read_entry(self, entry: dict[str, Any]) -> None:
        number = entry["line"]
        if "digest" in entry:
            self._seen.extend([0] * (number + 1 - len(self._seen)))
            self._seen[number] = entry["digest"]
        elif number in self._done:
            return
        elif "turn" in entry:
            self._turns[number] = entry["turn"]
            self._started.pop(number, None)
        else:
            self._started[number] = StartedRun(entry["thread_id"], entry["run_id"])


def read_job(path: Path) -> Job | None:
    """The job that a results file is about; None without its state."""
    state = path.with_name(path.name + STATE_SUFFIX)
    if not state.exists():
        return None
    with state.open("rb") as stream:
        header = _parsed(stream.readline(), state)
    return Job(**{name: value for name, value in header.items() if name in Job._fields})


def _matching(first: bytes, job: Job, state: Path) -> str:
    header = _parsed(first, state)
    if header.get("version") != _VERSION:
        raise JournalError(f"{state} was written by another version of this tool")
    differences = list(_differences(header, job))
    if differences:
        hint = "name another --output for another job"
        raise UsageError(
            problems=[Problem(source, f"{what} since {state.name} was written")
                      for source, what in differences],
            hint=hint,
        )  # fmt: skip
    return str(header.get("job"))


def _differences(header: dict[str, Any], job: Job) -> Iterator[tuple[str, str]]:
    if header.get("digest") != job.digest:
        yield "--each", "the input has changed"
    if header.get("flags") != job.flags:
        yield "flags", "what they set in each request has changed"
    if header.get("shard") != job.shard:
        yield "--shard", f"it was {header.get('shard')}, and has changed"


def _parsed(line: bytes, path: Path) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise _damaged(line, path)
    return value


def _damaged(line: bytes, path: Path) -> JournalError:
    return JournalError(f"{path} is damaged: {line[:60].decode(errors='replace')}")


def _sync_folder(folder: Path) -> None:
    """Make the name of a new file last."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError:
        return  # some file systems have no such thing
