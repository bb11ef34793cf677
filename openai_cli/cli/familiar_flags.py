"""Flags of other programs, and what to use here instead.

From gh, aws, kubectl, curl, httpie, llm and similar tools. The tables are used only for flags that
a command lacks, and suggest only flags that it has.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from openai_cli.output.formats import FORMATS

_COUNTERPARTS = (
    ("--output -o --out --output-format", "--format FORMAT, or > FILE for a file"),
    ("--jq --query -q --filter --jsonpath --template --select --extract", "--transform PATH"),
    ("--verbose -vv -vvv --trace --log-level --log --include -i", "--debug"),
    ("--no-color --no-colour --nocolor --plain --monochrome -M", "--color never"),
    ("--colour", "--color WHEN"),
    ("--no-cli-pager --nopager", "--no-pager"),
    ("--data -d --data-raw --data-binary --cli-input-json --input", "--body BODY"),
    ("--file --filename -f", "--body @FILE"),
    ("--field -F --form", "--raw-field FLAG=TEXT"),
    ("-H --headers", "--header 'Name: value'"),
    ("--token --auth -a --bearer --access-token --key --apikey --user -u", "--api-key KEY"),
    ("--organisation", "--organization ID"),
    ("--endpoint-url --endpoint --url --host --server --api-base --hostname", "--base-url URL"),
    ("--cert -E --client-certificate --client-cert", "--mtls-client-cert-file FILE"),
    ("--client-key --cert-key", "--mtls-client-key-file FILE"),
    ("--connect-timeout --read-timeout --request-timeout", "--timeout SECONDS"),
    ("--retry --retries", "--max-retries COUNT"),
    ("--max-filesize", "--max-answer-size SIZE"),
    ("--no-input --ignore-stdin", "--no-stdin"),
    ("--offline --show-request --dryrun", "--dry-run"),
    ("--curl", "--dry-run curl"),
    ("--raw", "--raw-output or --format raw"),
    ("-V", "--version"),
    ("-?", "--help"),
    ("--prompt -p", "--message TEXT"),
    ("--prompt -p", "--content TEXT"),
    ("--message", "--content TEXT"),
    ("--message", "--additional-message TEXT"),
    ("--system --system-prompt", "--instructions TEXT"),
    ("-m", "--model MODEL"),
    ("--max-tokens", "--max-completion-tokens COUNT"),
    ("--schema --json-schema", "--response-format FORMAT"),
    ("--watch -w --follow", "--wait"),
    ("-L --page-size --max-results --per-page", "--limit COUNT"),
    ("--sort --sort-by --order-by", "--order ORDER"),
    ("-j", "--format json"),
    *((f"--{name}", f"--format {name}") for name in FORMATS if name != "auto"),
)  # fmt: skip
"""Spellings, and our flag for them with its value; the first matching row applies."""

_REMARKS = (
    ("--quiet -q --silent -s", "results go to stdout, notes to stderr, which can be redirected"),
    ("--request= -X= --method=", "the command decides the method"),
    ("--insecure -k --no-verify --no-verify-ssl", "SSL_CERT_FILE names an authority to trust"),
    ("--cacert= --ca-bundle= --ca-cert=", "SSL_CERT_FILE names the authorities to trust"),
    ("--proxy= -x=", "HTTPS_PROXY and HTTP_PROXY name a proxy"),
    ("--location -L --follow-redirects", "redirects are followed without it"),
    ("--compressed", "answers may be compressed without it"),
    ("--fail -f --check-status", "a refusal by the server is exit code 4 without it"),
    ("--all --paginate", "a list is printed to its end without it"),
    ("--yes -y --no-confirm", "no command asks for confirmation"),
    ("--thread-id=", "a run on a thread that is there: beta:threads:runs create THREAD_ID"),
    ("--store= --db=", "--base-url local:FILE names the store"),
    ("--continue -c", "a message to a thread: beta:threads:messages create"),
)  # fmt: skip
"""Spellings, and advice where we have no such flag; `=`: the flag takes a value."""


class Advice(NamedTuple):
    """Advice on an unknown flag.

    `flag` is our flag for it, or empty. `takes_value`: the next word is the unknown flag's value.
    """

    text: str
    flag: str
    takes_value: bool


def advice(typed: str, known: Collection[str]) -> Advice | None:
    """The advice on a flag that is not `known`; None if the tables do not have it."""
    for spellings, ours in _COUNTERPARTS:
        flag, _, value = ours.partition(" ")
        if typed in spellings.split() and flag in known:
            is_placeholder = value[:1].isupper() or value.startswith(("'", "@"))
            return Advice(f"did you mean {ours}?", flag, takes_value=is_placeholder)
    for spellings, sentence in _REMARKS:
        for takes_value, spelling in ((False, typed), (True, f"{typed}=")):
            if spelling in spellings.split():
                return Advice(sentence, "", takes_value=takes_value)
    return None
