"""`@completion`, `--show-completion` and `--install-completion`."""

from __future__ import annotations

from openai_cli.cli.options import SHELLS
from openai_cli.cli.session import Session
from openai_cli.completion.script import script
from openai_cli.completion.shells import detect_shell, read_shell
from openai_cli.errors import Problem, UsageError

SHOW, INSTALL = "--show-completion", "--install-completion"


def print_script(session: Session) -> None:
    """`@completion SHELL`: print the script. Raises UsageError without a known shell."""
    words = session.arguments.words
    if not words:
        expected = f"expected a shell ({', '.join(SHELLS)}), found none"
        raise UsageError(problems=[Problem("@completion", expected)])
    session.env.out.write(script(read_shell(words[0], "@completion")))


def answer(session: Session) -> None:
    """The root options: print the script, or install it and report that on stderr.

    Raises UsageError for an unknown shell, CliError if the script cannot be written.
    """
    last = [o for o in session.arguments.occurrences if o.name in (SHOW, INSTALL)][-1]
    environ = session.env.environ
    if last.text is None:
        shell = detect_shell(environ, last.name)
    else:
        shell = read_shell(last.text, last.name)
    if last.name == SHOW:
        session.env.out.write(script(shell))
        return
    from openai_cli.completion.install import install

    installed = install(shell, environ)
    verb = "written" if installed.changed else "already up to date"
    session.env.say("note", f"completion for {shell}, {verb}: {installed.path}")
    for line in installed.next_steps:
        session.env.talk(line)
