"""`echo`: a deterministic model that needs no network and no key.

It answers with the text of the last user message. Lines that begin with one of these directives are
executed instead of repeated, to test all outcomes of a run:

    !call NAME {JSON}   call function NAME with these arguments ({} if omitted); one call per line
    !fail MESSAGE       fail there, after the text above it
    !length             stop half-way, as if the completion limit had been reached
    !slow SECONDS       spread the reply over this time
    !repeat N           repeat the reply N times

After the outputs of its calls have arrived, it answers with the outputs, one per line. A
`tool_choice` that forces a function calls it with `{}`. Usage counts words.
"""

import re
from collections.abc import Generator, Iterable, Iterator

from openai_cli.engine.models.interface import Unsupported
from openai_cli.engine.models.model_events import (
    Finished,
    ModelError,
    ModelEvent,
    TextDelta,
    ToolCallDelta,
    ToolCallStarted,
    UsageReported,
)
from openai_cli.engine.models.prompt import (
    Part,
    Prompt,
    PromptImageFile,
    PromptImageUrl,
    PromptMessage,
    PromptRefusal,
    PromptText,
)

_DIRECTIVE = re.compile(r"!(call|fail|length|slow|repeat)(?:\s+(.*?))?\s*$")
_WORD = re.compile(r"\s*\S+\s*")
_MOST_REPEATS = 100_000


class _Script:
    """Directives and text parsed from the last user message."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.calls: list[tuple[str, str]] = []
        self.failure: str | None = None
        self.cut = False
        self.seconds = 0.0
        self.repeats = 1

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


class Echo:
    """The built-in model; the module's docstring describes it."""

    backend = "echo"

    def refuse(self, prompt: Prompt) -> Iterator[Unsupported]:
        """Refuse tools that need files or code, attachments, and images of the assistant."""
        for index, tool in enumerate(prompt.tools):
            if tool["type"] != "function":
                yield Unsupported(f"tools[{index}].type", tool["type"], of_hosted_tools=True)
        choice = prompt.settings.tool_choice
        if isinstance(choice, dict) and choice["type"] != "function":
            yield Unsupported("tool_choice.type", choice["type"], of_hosted_tools=True)
        for message in prompt.history:
            if isinstance(message, PromptMessage):
                yield from _refuse_message(message)

    def names(self) -> list[str]:
        """Its own name."""
        return ["echo"]

    def count_tokens(self, text: str) -> int:
        """Words, as in the usage."""
        return len(text.split())

    def answer(self, prompt: Prompt) -> Generator[ModelEvent, None, None]:
        """Follow the directives of the last user message."""
        script = _read_script(_last_user_text(prompt))
        calls = _calls(prompt, script)
        prompt_tokens = self.count_tokens(_prompt_text(prompt))
        if calls:
            yield from _call(calls)
            said = sum(self.count_tokens(arguments) for _, arguments in calls)
            yield UsageReported(prompt_tokens, said, prompt_tokens + said)
            yield Finished("stop")
            return
        words, cut = _words(prompt, script)
        yield from _say(prompt, words, script.seconds)
        if script.failure is not None:
            raise ModelError("server_error", script.failure)
        said = self.count_tokens("".join(words))
        yield UsageReported(prompt_tokens, said, prompt_tokens + said)
        yield Finished("max_completion_tokens" if cut else "stop")

    def close(self) -> None:
        """Do nothing: there is nothing to release."""


def _refuse_message(message: PromptMessage) -> Iterable[Unsupported]:
    if message.attachments:
        yield Unsupported(f"{message.field}.attachments", of_hosted_tools=True)
    if message.role == "assistant":
        for index, part in enumerate(message.parts):
            kind = _image_kind(part)
            if kind:
                yield Unsupported(f"{message.field}.content[{index}].type", kind)


def _image_kind(part: Part) -> str | None:
    if isinstance(part, PromptImageUrl):
        return "image_url"
    return "image_file" if isinstance(part, PromptImageFile) else None


def _message_text(message: PromptMessage) -> str:
    texts = (
        part.text if isinstance(part, PromptText | PromptRefusal) else "[image]"
        for part in message.parts
    )
    return "\n".join(texts)


def _last_user_text(prompt: Prompt) -> str:
    for entry in reversed(prompt.history):
        if isinstance(entry, PromptMessage) and entry.role == "user":
            return _message_text(entry)
    return ""


def _prompt_text(prompt: Prompt) -> str:
    texts = [prompt.instructions]
    for entry in prompt.history:
        if isinstance(entry, PromptMessage):
            texts.append(_message_text(entry))
        else:
            texts.extend(f"{call.arguments} {call.output}" for call in entry.calls)
    return "\n".join(texts)


def _read_script(text: str) -> _Script:
    script = _Script()
    for line in text.split("\n"):
        match = _DIRECTIVE.match(line)
        if match is None:
            if script.failure is None:
                script.lines.append(line)
            continue
        _obey(script, match[1], match[2] or "")
    return script


def _obey(script: _Script, directive: str, argument: str) -> None:
    if directive == "call":
        name, _, arguments = argument.partition(" ")
        if not name:
            raise ModelError("invalid_prompt", "The directive '!call' needs a function name.")
        script.calls.append((name, arguments.strip() or "{}"))
    elif directive == "fail":
        script.failure = script.failure or argument or "The message asked for a failure."
    elif directive == "length":
        script.cut = True
    elif directive == "slow":
        script.seconds = _number(directive, argument, 86_400)
    else:
        script.repeats = _count(directive, argument)


def _number(directive: str, text: str, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value <= most:
        raise ModelError(
            "invalid_prompt", f"The directive '!{directive}' needs a number from 0 to {most:g}."
        )
    return value


def _count(directive: str, text: str) -> int:
    if not re.fullmatch(r"\d{1,6}", text, re.ASCII) or int(text) > _MOST_REPEATS:
        raise ModelError(
            "invalid_prompt",
            f"The directive '!{directive}' needs a whole number from 0 to {_MOST_REPEATS}.",
        )
    return int(text)


def _calls(prompt: Prompt, script: _Script) -> list[tuple[str, str]]:
    """The function calls of this answer; none after outputs, or if calls are forbidden."""
    choice = prompt.settings.tool_choice
    if prompt.tool_turns or choice == "none":
        return []
    if isinstance(choice, dict):
        name = choice["function"]["name"]
        return [call for call in script.calls if call[0] == name] or [(name, "{}")]
    if choice == "required" and not script.calls:
        return [(prompt.tools[0]["function"]["name"], "{}")]
    return script.calls


def _call(calls: list[tuple[str, str]]) -> Iterator[ModelEvent]:
    from openai_cli.engine.ids import new_id

    for name, arguments in calls:
        call_id = new_id("call")
        yield ToolCallStarted(call_id, "function", name)
        for piece in _split(arguments):
            yield ToolCallDelta(call_id, piece)


def _split(text: str) -> list[str]:
    """Words with their white space; joined, they give the original text."""
    return _WORD.findall(text) or ([text] if text else [])


def _words(prompt: Prompt, script: _Script) -> tuple[list[str], bool]:
    """The words of the reply, and whether a limit cuts it."""
    text = script.text
    if prompt.tool_turns:
        text = "\n".join(call.output for call in prompt.tool_turns[-1].calls)
    words = _split("\n".join([text] * script.repeats))
    if script.cut:
        return words[: (len(words) + 1) // 2], True
    budget = prompt.completion_budget
    if budget is not None and len(words) > budget:
        return words[:budget], True
    return words, False


def _say(prompt: Prompt, words: list[str], seconds: float) -> Iterator[ModelEvent]:
    pause = seconds / len(words) if words else 0
    if not words:
        prompt.cancellation.wait(seconds)
    for word in words:
        if prompt.cancellation.requested or (pause and prompt.cancellation.wait(pause)):
            return
        yield TextDelta(word)
