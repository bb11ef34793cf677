"""--dry-run: the exact request, for people, for `jq`, and for a shell."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.cli.conftest import RUN, Run
from tests.support.server import Seen, Server

KEY = "sk-" + "secret" * 5
NASTY = "it's \"quoted\" $HOME `id` \\n \\\\ !x %s\nGrüße 😀\t'"
OURS = {"host", "content-length", "connection", "accept-encoding", "idempotency-key"}


def facts(seen: Seen) -> tuple[str, str, dict[str, str], bytes]:
    """What a request says, without what each client words in its own way."""
    headers = {name.lower(): value for name, value in seen.headers if name.lower() not in OURS}
    return seen.method, seen.path, headers, seen.content


@pytest.mark.needs("curl")
@pytest.mark.parametrize(
    "flags",
    [
        ("--message", NASTY, "--metadata", "{k: 'v\u2028'}"),
        ("--message", "@file", "--stream", "--header", "X-A: it's $HOME", "--project", "p"),
        ("--temperature", "1", "--header", "User-Agent: me"),
    ],
    ids=["nasty", "stream", "headers"],
)
def test_the_curl_line_sends_the_same_request(
    quick: Run, server: Server, flags: tuple[str, ...], monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    folder = tmp_path_factory.mktemp("curl")
    (folder / "file").write_text("@not-a-file; rm -rf '$HOME'\n")
    monkeypatch.chdir(folder)
    words = [*RUN, *flags, "--api-key", KEY]
    line = quick(*words, "--dry-run=curl")
    assert (line.code, line.err, server.seen) == (0, "", [])
    assert KEY not in line.out
    assert quick(*words).code in (0, 3)
    ours = server.last
    subprocess.run(
        ["bash", "-c", line.out.replace("curl ", "curl --silent ", 1)],
        env={"OPENAI_API_KEY": KEY, "PATH": "/usr/bin:/bin", "HOME": str(folder)},
        stdout=subprocess.DEVNULL,
        timeout=30,
        check=True,
    )
    assert len(server.seen) == 2
    assert facts(server.last) == facts(ours)


def test_the_curl_line_of_a_request_without_body(quick: Run, server: Server) -> None:
    words = ["beta:threads:runs", "retrieve", "thread/1", "run_ü", "--dry-run=curl"]
    line = quick(*words)
    assert line.out.startswith(
        f"curl --request GET {server.url}/threads/thread%2F1/runs/run_%C3%BC"
    )
    assert "--data" not in line.out


@pytest.mark.parametrize("flag", ["--dry-run", "--dry-run=json", "--dry-run=curl"])
def test_secrets_stay_out_and_no_key_is_needed(quick: Run, server: Server, flag: str) -> None:
    remote = [*RUN, "--base-url", "https://example.com/v1", flag]
    assert quick(*remote).code == 0
    headers = ["--header", f"X-Secret-Token: {KEY}", "--header", f"Cookie: a={KEY}"]
    shown = quick(*remote, *headers, "--api-key", KEY, "--webhook-secret", KEY, "--debug")
    assert shown.code == 0
    assert KEY not in shown.out + shown.err
    assert "[redacted]" in shown.out
    by_hand = quick(*remote, "--header", f"Authorization: Bearer {KEY}")
    assert KEY not in by_hand.out
    assert server.seen == []


def test_json_is_the_request(quick: Run, server: Server) -> None:
    body = '{"thread": {"metadata": {"k": "é"}}, "temperature": 0.1, "later_field": [1]}'
    shown = quick(*RUN, "--dry-run", "--api-key", KEY, stdin=body)
    assert shown.json | {"headers": None} == {
        "method": "POST",
        "url": f"{server.url}/threads/runs",
        "headers": None,
        "body": {**json.loads(body), "assistant_id": "asst_demo"},
    }
    assert shown.json["headers"]["Authorization"] == "Bearer [redacted]"
    assert "é" in shown.out
    assert server.seen == []


def test_on_the_engine_nothing_is_stored(quick: Run) -> None:
    shown = quick("--base-url", "local:never.db", *RUN, "--dry-run", "--transform", "url", "-r")
    assert (shown.code, shown.out) == (0, "local:never.db/threads/runs\n")


@pytest.mark.parametrize("name", ["jsonl", "yaml", "raw", "pretty", "text"])
def test_any_format(quick: Run, name: str) -> None:
    shown = quick(*RUN, "--dry-run", "--format", name)
    assert (shown.code, shown.err) == (0, "")
    assert "asst_demo" in shown.out


def test_a_refusal_is_the_same_with_dry_run(quick: Run) -> None:
    refused, dry = (quick(*RUN, "--top-p", "7", *flags) for flags in ((), ("--dry-run",)))
    assert refused == dry
    assert refused.code == 2
