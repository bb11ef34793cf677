"""Lists: both orders, both directions, page by page and all by themselves."""

from typing import Any

from common import DEMO, client, text_of

api = client()
threads = api.beta.threads
COUNT = 23
thread = threads.create(
    messages=[{"role": "user", "content": str(number)} for number in range(COUNT)]
)
UP = [str(number) for number in range(COUNT)]


def texts(page: Any) -> list[str]:
    return [text_of(message) for message in page]


for order, expected in (("asc", UP), ("desc", UP[::-1])):
    for limit in (1, 5, 22, 23, 100):
        # By itself
        everything = texts(threads.messages.list(thread.id, order=order, limit=limit))
        assert everything == expected, (order, limit)
        # Page by page
        page = threads.messages.list(thread.id, order=order, limit=limit)
        seen = texts(page.data)
        while page.has_next_page():
            assert page.has_more
            page = page.get_next_page()
            seen += texts(page.data)
        assert seen == expected
        assert not page.has_more
        # Backwards from the last one
        before, back = page.data[-1].id, texts(page.data[-1:])
        while True:
            page = threads.messages.list(thread.id, order=order, limit=limit, before=before)
            back = texts(page.data) + back
            if not page.has_more:
                break
            before = page.data[0].id
        assert back == expected
assert texts(threads.messages.list(thread.id)) == UP[::-1]
assert len(threads.messages.list(thread.id).data) == 20

first = threads.messages.list(thread.id, order="asc", limit=3).data
between = threads.messages.list(thread.id, order="asc", after=first[0].id, before=first[2].id)
assert texts(between.data) == ["1"]

empty = threads.messages.list(threads.create().id)
assert (empty.data, empty.has_more) == ([], False)
assert list(empty) == []

runs = [threads.runs.create_and_poll(thread_id=thread.id, assistant_id=DEMO) for _ in range(3)]
found = list(threads.runs.list(thread.id, order="asc", limit=2))
assert [run.id for run in found] == [run.id for run in runs]
of_run = list(threads.messages.list(thread.id, run_id=runs[1].id))
assert [message.run_id for message in of_run] == [runs[1].id]
steps = list(
    threads.runs.steps.list(
        runs[0].id,
        thread_id=thread.id,
        limit=1,
        include=["step_details.tool_calls[*].file_search.results[*].content"],
    )
)
assert [step.type for step in steps] == ["message_creation"]

made = [api.beta.assistants.create(model="echo", name=f"Number {n}").id for n in range(5)]
listed = [one.id for one in api.beta.assistants.list(order="asc", limit=2)]
assert [one for one in listed if one in made] == made
assert len(listed) == len(set(listed))

# A cursor on what was deleted meanwhile still works.
page = threads.messages.list(thread.id, order="asc", limit=2)
threads.messages.delete(page.data[-1].id, thread_id=thread.id)
assert texts(page.get_next_page().data) == ["2", "3"]
