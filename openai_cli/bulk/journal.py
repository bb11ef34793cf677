"""The journal of `--each`: the results themselves, and beside them what a next call must know.

`results.jsonl` has one result a line. `results.jsonl.state` has, as JSON lines: the job, which is
the input and how it is read; the runs that were started and not finished; and lines whose next
attempt is a new request. Its lock belongs to one process at a time.
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
"""How lines begin: the first one of the state, its other ones, and those of the results."""


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
        """Whether the line has a result that stays."""
        return number in self._done

    def started(self, number: int, /) -> RunReference | None:
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

    def start(self, number: int, run: RunReference, /) -> None:
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
        try:
            sort_file(self.path)
        except JournalError as error:
            error.hint = "all results are there, but not in order; the same command sorts them"
            raise

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
        """Write the results anew without those that failed."""
        kept = replacement(self.path)
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
    """The job that a results file is about; None without its state."""
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
    """Refuse a file with something in it: nobody knows what it is about."""
    if path.exists() and path.stat().st_size:
        what = f"{path} exists, and its {path.name}{STATE_SUFFIX} does not"
        raise UsageError(problems=[Problem("--output", f"{what}: name another file")])


def _check_version(header: dict[str, Any], state: Path) -> None:
    if header.get("version") != _VERSION:
        what = f"{state} was written by another version of this tool"
        raise JournalError(what, hint="go on with that version, or name another --output")


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
        yield "flags", "what they set in each request has changed"
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
