"""A real interactive shell on a pseudo-terminal, and what a TAB makes of a line."""

from __future__ import annotations

import fcntl
import os
import re
import selectors
import shlex
import subprocess
import termios
import time
from pathlib import Path
from types import TracebackType

COMPLETIONS = Path(__file__).parents[2] / "completions"
REPORT = "\x18\x07"  # Ctrl-X Ctrl-G, bound in every shell to: send the line, and empty it
TIMEOUT = 30.0

_ESCAPES = re.compile(
    r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[()][A-Z0-9]|[=>78DEHM])"
)

_SEEN = "\x1b]0;seen\x07"  # what a shell shows when all that belongs to an answer is on the screen

_STARTS = {
    "bash": ["bash", "--noprofile", "--norc", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
}

_SETUPS = {
    "bash": r"""
PS1='> '; HISTFILE=; set +o history
bind 'set bell-style none'; bind 'set enable-bracketed-paste off'
bind 'set show-all-if-ambiguous on'; bind 'set completion-display-width 1'
bind 'set completion-query-items 0'; bind 'set page-completions off'
seen() { printf '\e]0;seen\a' > /dev/tty; }
report() { printf '%s\0' "$READLINE_LINE" > "$ANSWERS"; READLINE_LINE=; READLINE_POINT=0; seen; }
bind -x '"\C-x\C-g": report'
source "$COMPLETIONS/openai.bash"
""",
    "zsh": r"""
PS1='> '; setopt no_beep no_prompt_sp; unsetopt prompt_cr list_ambiguous; LISTMAX=1000
bindkey -e
seen() { printf '\e]0;seen\a' > /dev/tty }
report() { print -rn -- "$BUFFER"$'\0' > "$ANSWERS"; BUFFER=; CURSOR=0; seen }
zle -N report; bindkey '^X^G' report
fpath=($COMPLETIONS $fpath); autoload -Uz compinit; compinit -D -u
""",
    "fish": r"""
function fish_prompt; printf '> '; end
set -g fish_greeting; set -g fish_autosuggestion_enabled 0
function seen; printf '\e]0;seen\a' > /dev/tty; end
function report
    printf '%s\0' (commandline | string collect) > $ANSWERS
    commandline -f cancel; commandline -r ''; seen
end
bind \cx\cg report
source $COMPLETIONS/openai.fish
""",
}


def _own_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """A shell with the completion loaded, in a folder and home of its own."""

    def __init__(self, shell: str, folder: Path, home: Path, setup: str = "") -> None:
        self.shell = shell
        self.screen = ""
        fifo = home / "answers"
        os.mkfifo(fifo)
        self._answers = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, b"\xc8\x00\xc8\x00\x00\x00\x00\x00")  # 200 x 200
        environ = {
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "TERM": "xterm",
            "LANG": "C.UTF-8",
            "ANSWERS": str(fifo),
            "COMPLETIONS": str(COMPLETIONS),
        }
        self._process = subprocess.Popen(
            _STARTS[shell],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=folder,
            env=environ,
            start_new_session=True,
            preexec_fn=_own_terminal,  # noqa: PLW1509 - the tests start no threads here
        )
        os.close(slave)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._master, selectors.EVENT_READ)
        self._selector.register(self._answers, selectors.EVENT_READ)
        script = home / "setup"
        script.write_text(_SETUPS[shell] + setup)
        self.run(f". {script}")

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()
        self._selector.close()
        os.close(self._master)
        os.close(self._answers)

    def tab(self, line: str) -> str:
        """What the line is after a TAB at its end; what was shown is then in `screen`."""
        return self.type(line + "\t")

    def type(self, keys: str) -> str:
        """What the line is after these keys."""
        self.screen = ""
        self._write(keys + REPORT)
        return self._answer()

    def candidates(self, line: str) -> dict[str, str]:
        """What a TAB at the end of a line offers, each with its description."""
        if self.shell == "fish":
            found = self.run(f"complete -C {shlex.quote(line)} > $ANSWERS").splitlines()
            return {name: text for name, _, text in (entry.partition("\t") for entry in found)}
        self.tab(line)
        _, _, shown = self.screen.partition("\n")
        listed = _ESCAPES.sub("", re.split(r"\x1b\[\d*A|\r\n> ", shown)[0])
        parts = (entry.partition(" -- ") for entry in listed.splitlines())
        return {name: text.strip() for names, _, text in parts for name in names.split()}

    def run(self, command: str) -> str:
        """Run a command; gives what it wrote to `$ANSWERS`."""
        self.screen = ""
        self._write(f'{command}; printf "\\0" > "$ANSWERS"; seen\n')
        return self._answer()

    def children(self) -> int:
        """A figure that changes with each child process that has come and gone.

        It is the page faults of all children waited for: none starts without some.
        """
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[8])

    def _write(self, text: str) -> None:
        self._wait_for_editor()
        data = text.encode()
        while data:
            data = data[os.write(self._master, data) :]

    def _wait_for_editor(self) -> None:
        """Until the shell reads key by key; before that the terminal would echo the keys."""
        deadline = time.monotonic() + TIMEOUT
        while termios.tcgetattr(self._master)[3] & termios.ICANON:
            assert time.monotonic() < deadline, f"{self.shell} has no prompt: {self.screen!r}"
            if self._selector.select(0.002):
                self._read_screen()

    def _answer(self) -> str:
        deadline = time.monotonic() + TIMEOUT
        answer = b""
        while not (answer.endswith(b"\0") and _SEEN in self.screen):
            ready = self._selector.select(max(deadline - time.monotonic(), 0))
            assert ready, f"{self.shell} did not answer; it shows: {self.screen!r}"
            for key, _ in ready:
                if key.fd == self._answers:
                    answer += os.read(self._answers, 65536)
                else:
                    self._read_screen()
        return answer[:-1].decode()

    def _read_screen(self) -> None:
        try:
            self.screen += os.read(self._master, 65536).decode(errors="replace")
        except OSError:
            raise AssertionError(f"{self.shell} ended; it showed: {self.screen!r}") from None
