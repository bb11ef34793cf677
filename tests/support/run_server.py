"""A loopback server that starts runs, remembers each, and counts what it was sent."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.support.server import Reply, _Http

Fault = Callable[[int, str], Reply | None]
"""Takes the number of a request that starts a run, from 1, and its text; an answer, or None."""


class RunServer:
    """Runs reply with the text of their message; `polls` times they are still in progress.

    `fault` may answer in place of the server; with `after`, when the run was started already. A
    server that `honours_keys` starts one run for an idempotency key.
    """

    def __init__(self) -> None:
        self.fault: Fault = lambda _number, _text: None
        self.after = False
        self.polls = 0
        self.honours_keys = True
        self.has_route = True
        self.has_messages = True
        self.has_reply = True
        self.pause = 0.0
        self.headers: dict[str, str] = {}
        self.started: Counter[str] = Counter()
        """How many runs were started, by the text of their message."""
        self.requests: Counter[str] = Counter()
        """How many requests there were, by the method and the last word of the path."""
        self.keys: list[str] = []
        self.texts: list[str] = []
        """The keys and texts of all requests that start a run."""
        self.at: list[float] = []
        self.most_at_once = 0
        self._at_once = 0
        self._runs: dict[str, dict[str, Any]] = {}
        self._by_key: dict[str, str] = {}
        self._lock = threading.Lock()
        self._http = _Http(("127.0.0.1", 0), _handler(self))
        threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def answer(self, method: str, path: str, key: str, body: dict[str, Any]) -> Reply:
        """What one request is answered."""
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            self.requests[f"{method} {path.partition('?')[0].rpartition('/')[2]}"] += 1
        time.sleep(self.pause)
        try:
            with self._lock:
                return self._answer(method, path, key, body)
        finally:
            with self._lock:
                self._at_once -= 1

    def _answer(self, method: str, path: str, key: str, body: dict[str, Any]) -> Reply:
        words = path.partition("?")[0].removeprefix("/v1/").split("/")
        if method == "POST" and words == ["threads", "runs"] and self.has_route:
            return self._start(key, body["thread"]["messages"][-1]["content"])
        if method == "POST" and words == ["threads"]:
            return Reply(body={"id": f"thread_{len(self.keys)}", "object": "thread"})
        if method == "POST" and words[-1] == "messages":
            self._text = body["content"]
            return Reply(body={"id": "msg_1", "object": "thread.message"})
        if method == "POST" and words[-1] == "runs" and len(words) == 3:
            return self._start(key, self._text)
        if method == "GET" and words[2:3] == ["runs"] and words[3] in self._runs:
            return self._poll(self._runs[words[3]])
        if method == "GET" and words[-1] == "messages" and self.has_messages:
            run = self._runs[words[1].replace("thread", "run")]
            content = [{"type": "text", "text": {"value": run["text"], "annotations": []}}]
            message = {"object": "thread.message", "role": "assistant", "content": content}
            data = [message] if self.has_reply else []
            return Reply(body={"object": "list", "data": data, "has_more": False})
        return Reply(404, {"error": {"message": "no such route"}})

    def _start(self, key: str, text: str) -> Reply:
        self.keys.append(key)
        self.texts.append(text)
        self.at.append(time.monotonic())
        fault = self.fault(len(self.keys), text)
        if fault is not None and not self.after:
            return fault
        ident = self._by_key.get(key) if self.honours_keys else None
        if ident is None:
            self.started[text] += 1
            ident = f"run_{len(self._runs) + 1}"
            self._by_key[key] = ident
            self._runs[ident] = {"id": ident, "text": text, "polls": self.polls}
        run = self._runs[ident]
        return fault or Reply(body=_run(run), headers={"openai-poll-after-ms": "1", **self.headers})

    def _poll(self, run: dict[str, Any]) -> Reply:
        run["polls"] -= 1
        return Reply(body=_run(run), headers={"openai-poll-after-ms": "100"})


def _run(run: dict[str, Any]) -> dict[str, Any]:
    done = run["polls"] <= 0
    return {
        "id": run["id"],
        "object": "thread.run",
        "thread_id": run["id"].replace("run", "thread"),
        "status": "completed" if done else "in_progress",
        "usage": {"total_tokens": 10} if done else None,
    }


def _handler(server: RunServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _answer(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            key = self.headers.get("idempotency-key") or ""
            reply = server.answer(self.command, self.path, key, body)
            if reply.drop:
                self.close_connection = True
                return
            content = reply.content
            head = [f"HTTP/1.1 {reply.status} X", "Content-Type: application/json"]
            size = len(content) if reply.declared is None else reply.declared
            head += [f"{name}: {value}" for name, value in reply.headers.items()]
            head += [f"Content-Length: {size}", "", ""]
            self.wfile.write("\r\n".join(head).encode() + content)
            if size != len(content):
                self.close_connection = True

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - the names http.server looks for

        def log_message(self, format: str, *args: Any) -> None:
            """Log nothing."""

    return Handler
