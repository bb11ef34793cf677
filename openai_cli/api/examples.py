"""Examples of each command, as lines that run unchanged on the embedded engine."""

from __future__ import annotations

_O = "openai --local"
_RUN = f"{_O} beta:threads create-and-run --assistant-id asst_demo"
_THREAD = f'{_O} beta:threads create --message "Hello" --transform id -r'
_RUN_IDS = f"{_RUN} --message Hi | jq -r '.thread_id, .id'"
_MESSAGE_IDS = (
    f"{_THREAD} | xargs {_O} beta:threads:messages list --format jsonl | jq -r '.thread_id, .id'"
)
_STEP_IDS = (
    f"{_RUN_IDS} | xargs {_O} beta:threads:runs:steps list --format jsonl "
    "| jq -r '.thread_id, .run_id, .id'"
)
_CALL = "--tool '{type: function, function: {name: sky}}'"
# Exit code 6 says that the run waits for tool outputs.
_WAITING = f"({_RUN} {_CALL} --message '!call sky' 2> /dev/null || test $? = 6)"

EXAMPLES: dict[str, tuple[str, ...]] = {
    "beta:assistants create": (
        f"{_O} beta:assistants create --model echo --name Parrot",
        f"{_O} beta:assistants create --model echo {_CALL} --metadata team=core",
    ),
    "beta:assistants retrieve": (
        f"{_O} beta:assistants retrieve asst_demo",
        f"{_O} beta:assistants retrieve --assistant-id asst_demo --transform model -r",
    ),
    "beta:assistants update": (
        f"{_O} beta:assistants update asst_demo --metadata team=core",
        f"{_O} beta:assistants update asst_demo --instructions 'Be brief.' --temperature 0.2",
    ),
    "beta:assistants list": (
        f"{_O} beta:assistants list --transform id -r",
        f"{_O} beta:assistants list --order asc --max-items 5 --format pretty",
    ),
    "beta:assistants delete": (
        f"{_O} beta:assistants create --model echo --transform id -r "
        f"| xargs {_O} beta:assistants delete",
        f"{_O} beta:assistants create --model echo --transform id -r "
        f"| xargs {_O} beta:assistants delete --transform deleted --assistant-id",
    ),
    "beta:threads create": (
        f'{_O} beta:threads create --message "Hello" --metadata team=core',
        f'{_O} beta:threads create --message.role user --message.content "Hello"',
    ),
    "beta:threads retrieve": (
        f"{_THREAD} | xargs {_O} beta:threads retrieve",
        f"{_THREAD} | xargs {_O} beta:threads retrieve --transform created_at --thread-id",
    ),
    "beta:threads update": (
        f"{_THREAD} | xargs {_O} beta:threads update --metadata team=core",
        f"{_THREAD} | xargs {_O} beta:threads update --metadata null --thread-id",
    ),
    "beta:threads delete": (
        f"{_THREAD} | xargs {_O} beta:threads delete",
        f"{_THREAD} | xargs {_O} beta:threads delete --transform deleted --thread-id",
    ),
    "beta:threads create-and-run": (
        f'{_RUN} --message "Hello"',
        f'{_RUN} --message "Hello" --format text',
        f'{_RUN} --message "Hello" --stream --format jsonl',
    ),
    "beta:threads:runs create": (
        f"{_THREAD} | xargs {_O} beta:threads:runs create --assistant-id asst_demo",
        f"{_THREAD} | xargs {_O} beta:threads:runs create --assistant-id asst_demo --format text",
    ),
    "beta:threads:runs retrieve": (
        f"{_RUN_IDS} | xargs {_O} beta:threads:runs retrieve --wait",
        f"{_RUN_IDS} | xargs {_O} beta:threads:runs retrieve --transform status -r",
    ),
    "beta:threads:runs update": (
        f"{_RUN_IDS} | xargs {_O} beta:threads:runs update --metadata team=core",
        f"{_RUN_IDS} | xargs {_O} beta:threads:runs update --metadata null --transform metadata",
    ),
    "beta:threads:runs list": (
        f"{_THREAD} | xargs {_O} beta:threads:runs list --order asc",
        f"{_RUN} --message Hi --transform thread_id -r "
        f"| xargs {_O} beta:threads:runs list --format pretty",
    ),
    "beta:threads:runs cancel": (
        f"{_WAITING} | jq -r '.thread_id, .id' | xargs {_O} beta:threads:runs cancel",
        f"{_WAITING} | jq -r '.thread_id, .id' "
        f"| xargs {_O} beta:threads:runs cancel --transform status -r",
    ),
    "beta:threads:runs submit-tool-outputs": (
        f'{_WAITING} | jq -r \'.thread_id, .id, "--tool-output.tool-call-id", '
        ".required_action.submit_tool_outputs.tool_calls[0].id' "
        f"| xargs {_O} beta:threads:runs submit-tool-outputs --tool-output.output blue",
        f'{_WAITING} | jq -r \'.thread_id, .id, "--tool-output.tool-call-id", '
        ".required_action.submit_tool_outputs.tool_calls[0].id' "
        f"| xargs {_O} beta:threads:runs submit-tool-outputs --format text "
        "--tool-output.output blue",
    ),
    "beta:threads:runs:steps retrieve": (
        f"{_STEP_IDS} | xargs {_O} beta:threads:runs:steps retrieve",
        f"{_STEP_IDS} | xargs {_O} beta:threads:runs:steps retrieve --transform usage",
    ),
    "beta:threads:runs:steps list": (
        f"{_RUN_IDS} | xargs {_O} beta:threads:runs:steps list",
        f"{_RUN_IDS} | xargs {_O} beta:threads:runs:steps list --format pretty",
    ),
    "beta:threads:messages create": (
        f"{_THREAD} | xargs {_O} beta:threads:messages create --role user --content 'And you?'",
        f"{_THREAD} | xargs {_O} beta:threads:messages create --role user "
        "--content '[{type: text, text: Hi}]' --metadata lang=en --thread-id",
    ),
    "beta:threads:messages retrieve": (
        f"{_MESSAGE_IDS} | xargs {_O} beta:threads:messages retrieve",
        f"{_MESSAGE_IDS} | xargs {_O} beta:threads:messages retrieve --format text",
    ),
    "beta:threads:messages update": (
        f"{_MESSAGE_IDS} | xargs {_O} beta:threads:messages update --metadata team=core",
        f"{_MESSAGE_IDS} | xargs {_O} beta:threads:messages update --metadata null",
    ),
    "beta:threads:messages list": (
        f"{_THREAD} | xargs {_O} beta:threads:messages list --order asc",
        f"{_RUN} --message Hi --transform thread_id -r "
        f"| xargs {_O} beta:threads:messages list --format text",
    ),
    "beta:threads:messages delete": (
        f"{_MESSAGE_IDS} | xargs {_O} beta:threads:messages delete",
        f"{_MESSAGE_IDS} | xargs {_O} beta:threads:messages delete --transform deleted",
    ),
}
"""By command, as typed."""
