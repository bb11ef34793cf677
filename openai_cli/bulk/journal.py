"""The journal of `--each`: a file of results, and a state file that the next call continues from.

`results.jsonl` has one result per line. `results.jsonl.state` has, as JSON lines: the job (the
input and the settings); the runs that were started; and the lines that need a new request if they
are tried again. One process at a time holds the lock on the state file.
"""

from __future__ import annotations

import json
import secrets
from array import array
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, NamedTuple

from openai_cli.bulk.appended_file import (
    AppendedFile,
    JournalError,
    failure,
    quoted,
    replacement,
    sync_folder,
)
from openai_cli.bulk.line_result import line_number, read_result
from openai_cli.bulk.line_set import LineSet
from openai_cli.bulk.results import Earlier, RunReference
from openai_cli.bulk.shard import read_shard
from openai_cli.errors import Problem, UsageError

STATE_SUFFIX = ".state"
_VERSION = 1
_HEADER, _ENTRY, _RESULT = b'{"version": ', b'{"line": ', b'{"line":'
"""How lines begin: the first line of the state, its other lines, the lines of results."""


class Job(NamedTuple):
    """Input and settings of the results; a later call continues only if all of these are equal.

    `digest` and `lines` describe the whole input file; None for standard input, whose lines
    are compared one by one. `flags` is a digest of the request fields that the flags set.
    """

    input: str
    digest: str | None
    lines: int | None
    flags: str
    shard: str


class Journal:
    """Results in a file, with a state file beside it; a context manager.

    Raises UsageError if the results belong to another job or another process is writing them;
    JournalError if a file cannot be used.
    """

    lasting = True

    def __init__(self, path: Path, job: Job, *, retry_failed: bool = False) -> None:
        self.path = path
        self._done = LineSet()
        self._failed = LineSet()
        self._started: dict[int, RunReference] = {}
        self._turns: dict[int, int] = {}
        self._seen = array("Q")
        self._state = _opened_state(path)
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
        """Whether the line has a result and is not to be repeated."""
        return number in self._done

    def started(self, number: int, /) -> RunReference | None:
        """The unfinished run that an earlier call started for the line, if any."""
        return self._started.get(number)

    def turn(self, number: int, /) -> int:
        """The number of requests for the line that ended definitely."""
        return self._turns.get(number, 0)

    def compare(self, number: int, digest: bytes, /) -> bool:
        """Record a line of standard input; False if an earlier call read a different line here."""
        short = int.from_bytes(digest[:8], "big")
        known = self._seen[number] if number < len(self._seen) else 0
        if not known:
            self._state.append(json.dumps({"line": number, "digest": short}))
        return known in (0, short)

    def begin(self, _number: int, _stopped: Callable[[], bool], /) -> None:
        """Does nothing: results are sorted at the end."""

    def leave_out(self, _number: int, /) -> None:
        """Does nothing: a line without a result is sent by the next call."""

    def start(self, number: int, run: RunReference, /) -> None:
        """Record that the line's run was started."""
        self._state.append(json.dumps({"line": number, **run._asdict()}))

    def finish(self, number: int, text: str, /, *, definite: bool) -> None:
        """Add the line's result. If `definite`, trying again needs a new idempotency key."""
        self._results.append(text)
        if definite:
            turn = self.turn(number) + 1
            # If this is lost, the next attempt uses the old key.
            with suppress(JournalError):
                self._state.append(json.dumps({"line": number, "turn": turn}))

    def sync(self) -> None:
        """Wait until everything written so far is on the disk."""
        self._results.sync()
        self._state.sync()

    def put_in_order(self) -> None:
        """Sort the results by line; after a crash, the file is either unsorted or sorted."""
        from openai_cli.bulk.sorted_results import sort_file

        self._results.sync()
        try:
            sort_file(self.path)
        except JournalError as error:
            error.hint = "all results are there, but not in order; the same command sorts them"
            raise

    def _close_results(self) -> None:
        """Close the current results file; --retry-failed may have replaced the first one."""
        self._results.close()

    def _lock(self) -> None:
        import fcntl  # not available on Windows

        try:
            fcntl.flock(self._state.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            what = f"another process is writing {self.path}"
            raise UsageError(problems=[Problem("--output", what)]) from None
        except OSError as error:
            raise failure(self._state.path, "lock", error) from None

    def _open_job(self, job: Job) -> str:
        """The job's id: from the state file if it is about this job, else a new one."""
        self._state.repair(_HEADER, _ENTRY)
        first = next(self._state.lines(), None)
        if first is None:
            _refuse_results(self.path)
            job_id = secrets.token_hex(16)
            header = {"version": _VERSION, "job": job_id, **job._asdict()}
            self._state.append(json.dumps(header))
            self._state.sync()
            sync_folder(self.path.parent)
            return job_id
        return _matching(first, job, self._state.path)

    def _read_results(self, *, retry_failed: bool) -> Earlier:
        repaired = self._results.repair(_RESULT)
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
        """Rewrite the results file without the failed results."""
        kept = replacement(self.path)
        try:
            kept.replace(self.path, self._without_failed())
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
            except (KeyError, TypeError, ValueError, OverflowError):
                raise _damaged(line, self._state.path) from None

    def _read_entry(self, entry: dict[str, Any]) -> None:
        number = line_number(entry["line"])
        if "digest" in entry:
            self._seen.extend([0] * (number + 1 - len(self._seen)))
            self._seen[number] = entry["digest"]
        elif number in self._done:
            return
        elif "turn" in entry:
            self._turns[number] = int(entry["turn"])
            self._started.pop(number, None)
        else:
            run = RunReference(_id_in(entry, "thread_id"), _id_in(entry, "run_id"))
            self._started[number] = run


def read_job(path: Path) -> Job | None:
    """The job of a results file; None if it has no state file."""
    state = path.with_name(path.name + STATE_SUFFIX)
    try:
        with state.open("rb") as stream:
            line = stream.readline()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise failure(state, "read", error) from None
    header = _parsed(line, state)
    _check_version(header, state)
    try:
        job = Job(**{name: header[name] for name in Job._fields})
        read_shard(job.shard)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _damaged(line, state) from None
    return job


def _opened_state(path: Path) -> AppendedFile:
    state = path.with_name(path.name + STATE_SUFFIX)
    if not state.exists():
        _refuse_results(path)
    return AppendedFile(state)


def _refuse_results(path: Path) -> None:
    """Raise UsageError if there are results without a state file: their job is unknown."""
    if path.exists() and path.stat().st_size:
        what = f"{path} exists, and its {path.name}{STATE_SUFFIX} does not"
        raise UsageError(problems=[Problem("--output", f"{what}: name another file")])


def _check_version(header: dict[str, Any], state: Path) -> None:
    if header.get("version") != _VERSION:
        what = f"{state} was written by another version of this tool"
        raise JournalError(what, hint="continue with that version, or name another --output")


def _matching(first: bytes, job: Job, state: Path) -> str:
    header = _parsed(first, state)
    _check_version(header, state)
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
        yield "flags", "the request fields that they set have changed"
    if header.get("shard") != job.shard:
        yield "--shard", f"it was {header.get('shard')}, and has changed"


def _id_in(entry: dict[str, Any], key: str) -> str:
    ident = entry[key]
    if not isinstance(ident, str) or not ident:
        raise TypeError
    return ident


def _parsed(line: bytes, path: Path) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise _damaged(line, path)
    return value


def _damaged(line: bytes, path: Path) -> JournalError:
    return JournalError(f"{path} is damaged: {quoted(line) or 'it is empty'}")
