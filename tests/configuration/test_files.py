"""Files that cannot be used: what is told about them, all of it at once."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.configuration.conftest import Write
from tests.support.server import Server
from tests.support.shell import OPENAI, Shell

pytestmark = pytest.mark.in_process(process_when_slow=True)

CREATE = ("beta:threads", "create", "--local")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = \n", ':1: is not TOML: invalid value; write a text as NAME = "TEXT"; nothing'),
        ("a = local:\n", ':1: is not TOML: invalid value; write a text as NAME = "TEXT"; '),
        ('profile = "a"\n[profile.a]\n', ":2: is not TOML: the table of a profile is [profiles"),
        ('profile = "a"\n[profile]\n', ":2: is not TOML: the table of a profile is [profiles"),
        ('profile = "a"\nprofile = "b"\n', ":2: is not TOML: a key is repeated; nothing"),
        ("\n\nprofile 'x'", ":3: is not TOML: expected '=' after a key in a key/value pair"),
        ("[profiles.a]\n[profiles.a]\n", ":2: is not TOML: cannot declare "),
        ("a = '''\nx", ":2: is not TOML: expected "),
        ("# \udcff\n", ":1: is not UTF-8"),
        ("profil = 'x'", ":1: profil: no such setting (did you mean profile?)"),
        ("base_url = 'local:'", ":1: base_url: no such setting; settings of a profile go below "),
        ("profile = 3", ":1: profile: expected a text: the name of the profile to use"),
        ("profile = 'x'", ":1: profile: there is no profile \"x\" in "),
        ("[profile.a]", ":1: profile: expected a text: the name of the profile to use; its table"),
        ("profiles = 3", ":1: profiles: expected tables: [profiles.NAME]"),
        ("[profiles]\na = 3", ":2: profiles.a: expected a table of settings"),
        ("[profiles.a]\nbse_url = 'x'", ":2: profiles.a.bse_url: no such setting (did you"),
        ("[profiles.a]\n\ntimeout = true", ":3: profiles.a.timeout: expected a number"),
        ("[profiles.a]\nno_pager = 'x'", ":2: profiles.a.no_pager: expected true or false"),
        ("[profiles.a]\nlocal = true", ":2: profiles.a.local: no such setting"),
        ("[profiles.a]\nheader = [1, 2]", ":2: profiles.a.header: expected a text, a list of "),
        ("[profiles.a]\napi_key = 12345678", ":2: profiles.a.api_key: expected a text; nothing"),
        ("[profiles.a]\napi_key_command = [1]", ":2: profiles.a.api_key_command: expected a "),
        ("a = " + "[" * 5000, ": is nested too deeply"),
        ("a = " + "9" * 5000, ":1: is not TOML: exceeds the limit"),
        ("[" + ".".join("a" * 5000) + "]", ":1: a: no such setting"),
        ("[profiles.a]\nheader = [" + "'X: b',\n" * 300 + "]\nformt = 1", ":1: profiles.a.formt"),
        ("[profiles.a]\nstream = true", ":2: profiles.a.stream: no such setting"),
    ],
)  # fmt: skip
def test_a_broken_file(openai: Shell, write: Write, text: str, told: str) -> None:
    path = write("")
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    done = openai(*CREATE)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: {path}{told}")
    assert "12345678" not in done.err


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("timeout = -1", "expected a number of seconds above 0, up to a day, found \"-1\""),
        ("format = 'jsn'", "expected one of "),
        ("color = 'red'", "expected one of auto, always, never"),
        ("base_url = 'example.com'", "must begin with http:// or https://"),
        ("base_url = ''", "is empty"),
        ("upstream_url = 'local:'", "must be a server, not the engine"),
        ("upstream_api = 'chatt'", "expected responses or chat, found \"chatt\""),
        ("upstream_model = 'a=b=,'", ""),
        ("header = 'X-Team'", "expected 'Name: value'"),
        ("upstream_header = { Host = \"a\\nb\" }", "the value of Host has characters that are"),
        ("mtls_client_cert_file = 'a\\u0000'".replace("'", '"'), "holds a NUL character"),
        ("max_tool_turns = 0", "expected a whole number from 1 to"),
        ("mtls_client_cert_file = 'a.pem'", "needs --mtls-client-key-file too"),
        ("organization = ' org'", "has a space or a line break around it"),
        ("api_key = ''", "is empty"),
        ("api_key = '-'", "only a flag reads standard input"),
        ("api_key = '$OPENAI_API_KEY'", "is the name of a variable and not its value"),
        ("api_key_command = ''", "is empty"),
        ("api_key_command = \"a 'b\"", "No closing quotation"),
        ("api_key_keyring = 'app'", "expected SERVICE/USERNAME"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_by_the_profile_in_use(
    openai: Shell, write: Write, setting: str, told: str
) -> None:
    path = write(f"[profiles.a]\n\n{setting}\n[profiles.b]\nbase_url = 'local:'")
    key = setting.partition(" ")[0]
    done = openai("beta:threads", "create", "--profile=a")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: {path}:3: profiles.a.{key}: ")
    assert told in done.err
    assert openai("beta:threads", "create", "--profile=b").code == 0


def test_lines_of_values_in_many_forms(openai: Shell, write: Write) -> None:
    path = write(
        "# one\r\n"
        "[profiles.a] # two\n"
        'api_key_command = [\n  "a",\n  # [profiles.b]\n  "b",\n]\n'
        'store = """\n[profiles.c]\ntimeout = 1\n"""\n'
        "timeout = 'x'\n"
        '[profiles."b.c"]\n'
        "header.X-Team = 1\n"
        "[profiles.d.header]\n"
        "X-Team = 1\n"
    )
    done = openai("local", "config", "check")
    assert [line.strip() for line in done.err.splitlines()] == [
        "error: the file cannot be used, 3 problems:",
        f"{path}:14: profiles.b.c.header: expected a text, a list of texts, or a table",
        f"{path}:15: profiles.d.header: expected a text, a list of texts, or a table",
        f"{path}:12: profiles.a.timeout: expected a number of seconds above 0, up to a day, "
        'found "x"',
    ]


def test_check_tells_all_problems_of_all_profiles(openai: Shell, write: Write) -> None:
    path = write(
        "profile = 'c'\n[profiles.a]\ntimeot = 1\n[profiles.b]\napi_key_command = ''\n"
        "api_key_keyring = 'a/b'\nmax_retries = 1000\n",
        mode=0o606,
    )
    done = openai("local", "config", "check")
    assert done.code == 2
    problems = [line.strip().removeprefix(f"{path}") for line in done.err.splitlines()[1:]]
    assert [problem[:45] for problem in problems] == [
        ":3: profiles.a.timeot: no such setting (did y",
        ": other users can change this file and redire",
        ":7: profiles.b.max_retries: expected a whole ",
        ":6: profiles.b.api_key_keyring: cannot be com",
        ":5: profiles.b.api_key_command: is empty",
        ':1: profile: there is no profile "c" in ' + str(path)[:5],
    ]


def test_check_tells_names_and_values_of_one_profile_in_their_order(
    openai: Shell, write: Write
) -> None:
    path = write("[profiles.a]\nbase-url = 'x'\nformat = 'txt'\ntimeout = true\napi_key = 3\n")
    problems = openai("local config check").err.splitlines()[1:]
    places = [line.strip().removeprefix(f"{path}:").split(": ")[:2] for line in problems]
    assert places == [
        ["2", "profiles.a.base-url"],
        ["4", "profiles.a.timeout"],
        ["5", "profiles.a.api_key"],
        ["3", "profiles.a.format"],
    ]


def test_a_byte_order_mark_is_no_problem(openai: Shell, write: Write) -> None:
    write("\ufeffprofile = 'a'\r\n[profiles.a]\r\ntimeout = 5\r\n")
    assert openai("local", "config", "check").code == 0


@pytest.mark.parametrize("chosen", ["flag", "variable", "file"])
def test_an_unknown_profile(openai: Shell, write: Write, chosen: str) -> None:
    first = 'profile = "wrok"\n' if chosen == "file" else ""
    path = write(f"{first}[profiles.work]\n[profiles.home]\n")
    words = ["--profile=wrok"] if chosen == "flag" else []
    done = openai(*CREATE, *words, env={"OPENAI_PROFILE": "wrok" if chosen == "variable" else ""})
    source = {"flag": "--profile", "variable": "OPENAI_PROFILE", "file": f"{path}:1: profile"}
    assert done.code == 2
    assert done.err == (
        f'error: {source[chosen]}: there is no profile "wrok" in {path} (did you mean work?); '
        "nothing was sent\nhint: profiles: work, home\n"
    )


def test_a_profile_without_a_file(openai: Shell, tmp_path: Path) -> None:
    path = tmp_path / "home" / ".config" / "openai-cli" / "config.toml"
    for words, env in ((["--profile=a"], {}), ([], {"OPENAI_PROFILE": "a"})):
        done = openai(*CREATE, *words, env=env)
        source = "--profile" if words else "OPENAI_PROFILE"
        assert done.code == 2
        assert done.err.startswith(f"error: {source}: there is no configuration file {path};")
    assert openai(*CREATE, "--profile=").code == 2


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("none.toml", "No such file"),
        ("~no-such-user/a.toml", "No such file"),
        (".", "Is a directory"),
        ("/dev/zero", "larger than 1 MiB"),
    ],
)
def test_a_named_file_that_cannot_be_read(openai: Shell, name: str, why: str) -> None:
    done = openai(*CREATE, env={"OPENAI_CONFIG": name})
    assert done.code == 2
    assert done.err.startswith(f'error: the configuration file: "{name}"')
    assert why in done.err
    assert "hint: OPENAI_CONFIG= runs without a configuration file" in done.err


def test_an_empty_file_of_any_kind(openai: Shell, write: Write) -> None:
    for name in (str(write("")), "/dev/null"):
        assert openai(*CREATE, env={"OPENAI_CONFIG": name}).code == 0


@pytest.mark.parametrize("home", ["/dev/null", "/nonexistent"])
def test_a_home_that_is_none_has_no_file(openai: Shell, home: str) -> None:
    env = {"HOME": home, "OPENAI_LOCAL_STORE": "a.db"}
    assert openai(*CREATE, env=env).code == 0


def test_help_and_version_do_not_read_the_file(openai: Shell, write: Write) -> None:
    write("this is not TOML")
    for words in ("--help", "--version", "beta:threads create --help", "help beta:threads"):
        assert openai(*words.split()).code == 0
    assert openai("@completion", "bash").code == 0
    assert openai("local", "config", "path").code == 0


@pytest.mark.slow
@pytest.mark.needs("strace")
def test_without_a_file_nothing_but_its_state_is_asked_for(openai: Shell, server: Server) -> None:
    done = subprocess.run(
        ["strace", "-f", "-e", "trace=%file", OPENAI, "beta:threads", "create"],
        env={**openai.environ, "OPENAI_BASE_URL": server.url},
        cwd=openai.folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    asked = [line for line in done.stderr.splitlines() if "openai-cli" in line]
    assert len(asked) == 1
    assert os.fspath(Path(openai.environ["HOME"]) / ".config/openai-cli/config.toml") in asked[0]
    assert "ENOENT" in asked[0]
