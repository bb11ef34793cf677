"""Run ownership: which process works on a run, and whether that process is alive.

An owner is the text `HOST/PID/START/TOKEN`. On the same host a process is identified by its pid and
start time, so that a reused pid is not mistaken for the old process. For another host, or where
start times cannot be read, the heartbeat decides.
"""

import os
import secrets
import socket
from functools import cache
from pathlib import Path

from openai_cli import windows

_CLAIM = "q"
"""First character of a claim's token; other tokens are hexadecimal."""
_SILENCE = 40
"""Seconds without a heartbeat after which an owner on another machine counts as dead."""


class LeaseLostError(Exception):
    """This owner has lost the run: it was cancelled, expired, ended or taken over."""


def own_prefix() -> str:
    """The prefix of all owners in this process; unique to the process."""
    return f"{_process(os.getpid())}/"


def new_lease_owner() -> str:
    """A new owner name for one run in this process."""
    return f"{own_prefix()}{secrets.token_hex(6)}"


def new_claim() -> str:
    """A new owner name for a run from the queue, which may be put back there."""
    return f"{own_prefix()}{_CLAIM}{secrets.token_hex(6)}"


def is_claim(owner: str) -> bool:
    """Whether the owner took its run from the queue."""
    return owner.rpartition("/")[2].startswith(_CLAIM)


def is_alive(owner: str, heartbeat_at: int | None, now: int) -> bool:
    """Whether the process of `owner` may still be working."""
    if owner.startswith(own_prefix()):
        return True
    host, _, rest = owner.partition("/")
    pid_text, _, rest = rest.partition("/")
    start = rest.partition("/")[0]
    # On Windows, `os.kill` with signal 0 would end the process.
    if host == _host() and pid_text.isdecimal() and not windows.is_windows():
        pid = int(pid_text)
        if not _exists(pid):
            return False
        if start and _start_time(pid):
            return start == _start_time(pid)
    return heartbeat_at is not None and now - heartbeat_at <= _SILENCE


@cache
def _process(pid: int) -> str:
    """The prefix of the owners in a process; cached."""
    return f"{_host()}/{pid}/{_start_time(pid)}"


@cache
def _host() -> str:
    """Identifies this boot, machine and pid namespace, as far as the system allows."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        namespace = Path("/proc/self/ns/pid").readlink().name
    except OSError:
        return socket.gethostname().replace("/", "-")
    return f"{boot}:{namespace}"


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _start_time(pid: int) -> str:
    """Start time of the process in kernel ticks; empty if it cannot be read."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    if fields[0] in "ZX":
        return "dead"
    return fields[19]
