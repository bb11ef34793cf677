"""Keys of a profile: they stand in the file, in another one, or a command or a keyring has them."""

from __future__ import annotations

import os
import select
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from typing import IO, Any, cast

from openai_cli.cli.config_file.profile_settings import COMMAND, KEYRING, KEYS, SETTINGS
from openai_cli.cli.config_file.toml_file import TomlFile
from openai_cli.cli.configuration import Key
from openai_cli.client.headers import check_credential
from openai_cli.errors import CliError, Problem, UsageError
from openai_cli.follow.process_tree import ProcessTree
from openai_cli.input.credentials import read_credential

_TIME = 60
"""Seconds that a command has, for somebody may have to type a password."""
_MOST_BYTES = 2**16
"""Bytes that a command may print."""
_NO_MARK = b"\0"
"""No variable looks like this: nothing is adopted from the command."""


def key_sources(table: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """The flags of keys that a profile has, each with the settings that say where the key is."""
    for flag in KEYS:
        key = next(one.key for one in SETTINGS.values() if one.flag == flag)
        found = [name for name in (key, key + COMMAND, key + KEYRING) if name in table]
        if found:
            yield flag, found


def profile_keys(file: TomlFile, name: str, environ: Mapping[str, str]) -> dict[str, Key]:
    """The keys of a checked profile by flag."""
    table = file.content["profiles"][name]
    return {
        flag: cache(
            _reader(setting, table[setting], file.problem(("profiles", name, setting), ""), environ)
        )
        for flag, (setting,) in key_sources(table)
    }


def _reader(setting: str, value: Any, place: Problem, environ: Mapping[str, str]) -> Key:
    if setting.endswith(COMMAND):
        return partial(_key_of_command, command_words(value), environ, place)
    if setting.endswith(KEYRING):
        return partial(_key_of_keyring, value, place)
    return partial(key_of_text, value, place)


def command_words(command: str | list[str]) -> list[str]:
    """The words of a command. Raises ValueError if there are none."""
    words = shlex.split(command) if isinstance(command, str) else command
    if not words or not words[0]:
        raise ValueError("is empty")
    if any("\0" in word for word in words):
        raise ValueError("holds a NUL character")
    return words


def _key_of_command(words: Sequence[str], environ: Mapping[str, str], place: Problem) -> str:
    """What the command prints. It is run without a shell and sees no OPENAI_ variable.

    Its standard input is empty; what it says on stderr is shown as it comes. `place` is where the
    command stands. Raises UsageError, which does not show what it printed.
    """
    try:
        output, code = _run(words, environ)
    except _StoppedError as why:
        raise _refused(place, f"{words[0]} was stopped: it {why}") from None
    except OSError as error:
        # Not named: it may be the key itself, put into the wrong setting.
        raise _refused(place, f"cannot run this command: {error.strerror}") from None
    if code:
        how = f"exited with {code}" if code > 0 else f"was killed by signal {-code}"
        raise _refused(place, f"{words[0]} {how}")
    try:
        key = output.decode().strip()
    except UnicodeDecodeError:
        raise _refused(place, f"what {words[0]} printed is no text") from None
    if not key:
        raise _refused(place, f"{words[0]} printed nothing")
    return _checked(key, place, f"what {words[0]} printed ")


class _StoppedError(Exception):
    """The command did not end in time, or printed too much."""


def _run(words: Sequence[str], environ: Mapping[str, str]) -> tuple[bytes, int]:
    """The output of the command, and its exit code. It shares our terminal, for its questions."""
    deadline = time.monotonic() + _TIME
    output = b""
    with subprocess.Popen(  # noqa: S603 - the user's own command
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env={name: text for name, text in environ.items() if not name.startswith("OPENAI_")},
    ) as process:
        try:
            pipe = cast("IO[bytes]", process.stdout).fileno()
            while select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))[0]:
                chunk = os.read(pipe, _MOST_BYTES)
                output += chunk
                if len(output) > _MOST_BYTES:
                    raise _StoppedError("prints more than a key")
                if not chunk:
                    return output, process.wait(max(0.0, deadline - time.monotonic()))
            raise _StoppedError(f"did not end within {_TIME} s")
        except subprocess.TimeoutExpired:
            raise _StoppedError(f"did not end within {_TIME} s") from None
        finally:
            if process.poll() is None:
                _end(process)


def _end(command: subprocess.Popen[bytes]) -> None:
    """Kill the command and, on Linux, what it has started.

    It has no process group of its own: one that is not the terminal's could ask no question.
    """
    for pid in ProcessTree(command.pid, _NO_MARK).look():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    command.kill()


def _key_of_keyring(entry: str, place: Problem) -> str:
    """The password of `SERVICE/USERNAME` in the system's keyring. Raises CliError."""
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        from openai_cli.client.extras import install_hint

        raise CliError("keyrings are not installed", hint=install_hint("keyring")) from None
    service, _, user = entry.rpartition("/")
    try:
        key = keyring.get_password(service, user)
    except KeyringError as error:
        raise _refused(place, f"the keyring cannot be read: {error}") from None
    if not key:
        raise _refused(place, f"the keyring has no password of {user} for {service}")
    return _checked(key, place, "the password ")


def key_of_text(text: str, place: Problem) -> str:
    """The key itself, or that of the file for `@FILE`. Raises UsageError."""
    try:
        key = read_credential(text, _no_stdin)
    except ValueError as error:
        raise _refused(place, str(error)) from None
    return _checked(key, place)


def _no_stdin() -> bytes:
    raise ValueError("only a flag reads standard input")


def _checked(key: str, place: Problem, what: str = "") -> str:
    try:
        return check_credential(key, "")
    except UsageError as error:
        raise _refused(place, what + error.problems[0].message) from None


def _refused(place: Problem, message: str) -> UsageError:
    return UsageError(problems=[place._replace(message=message)])
