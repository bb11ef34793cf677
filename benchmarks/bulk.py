"""What `--each` costs, as ratios measured in one run.

Against a server on loopback that answers every request at once with a finished run:

- the floor: as many threads, each with an httpx client of its own, that send the same requests and
  read the answers, and do nothing else;
- `--each`, with its start, the check of the file, and a journal on the disk;
- `xargs -P 4`, a process for each line.

Then `--each` on the embedded engine with `echo`, and the memory for few and for many lines. The
programs take turns, and the best of their rounds counts: the machine's noise only ever adds.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from benchmarks.measure import OPENAI, clean_environ, most_memory

WORKERS = 16
SERVER = """
import asyncio
run = (b'{"id":"run_1","object":"thread.run","thread_id":"thread_1","status":"completed",'
       b'"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}')
answer = (b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n"
          % len(run)) + run

class Answers(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.seen = transport, b""

    def data_received(self, data):
        self.seen += data
        while (end := self.seen.find(b"\\r\\n\\r\\n") + 4) > 3:
            head = self.seen[:end].lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\\r")[0] or 0)
            if len(self.seen) < end + length:
                return
            self.seen = self.seen[end + length:]
            self.transport.write(answer)

async def main():
    server = await asyncio.get_running_loop().create_server(Answers, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""
CREATE = ["beta:threads", "create-and-run", "--assistant-id", "asst_1"]


def write_requests(path: Path, count: int) -> None:
    with path.open("w") as file:
        for number in range(count):
            message = {"role": "user", "content": f"Question {number}: what is it?"}
            file.write(json.dumps({"thread": {"messages": [message]}}) + "\n")


def floor(url: str, count: int) -> None:
    """The same requests from threads over httpx."""
    body = {"assistant_id": "asst_1", "thread": {"messages": [{"role": "user", "content": "Hi"}]}}
    data, headers = json.dumps(body).encode(), {"Content-Type": "application/json"}

    def work() -> None:
        with httpx.Client() as client:
            for _ in range(count // WORKERS):
                json.loads(
                    client.post(f"{url}/threads/runs", content=data, headers=headers).content
                )

    threads = [threading.Thread(target=work) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Bench:
    """A folder, a server and an environment for the programs that are compared."""

    def __init__(self, folder: Path, port: str) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}/v1"
        self.env = clean_environ(str(folder))
        self.env |= {"OPENAI_API_KEY": "sk-bench", "OPENAI_BASE_URL": self.url}

    def run(self, *args: str, text: str = "") -> None:
        subprocess.run(
            args, cwd=self.folder, env=self.env, input=text, text=True, check=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def each(self, file: str, *flags: str) -> None:
        for left in self.folder.glob("out.jsonl*"):
            left.unlink()
        run = [OPENAI, *CREATE, *flags, "--each", file, "--output", "out.jsonl"]
        self.run(*run, "--concurrency", str(WORKERS))

    def local(self, file: str) -> None:
        for left in self.folder.glob("store.db*"):
            left.unlink()
        self.env["OPENAI_LOCAL_STORE"] = str(self.folder / "store.db")
        made = [OPENAI, "--local", "beta:assistants", "create", "--model", "echo"]
        printed = subprocess.run(
            [*made, "--transform", "id", "-r"], env=self.env, check=True, capture_output=True
        ).stdout
        self.each(file, "--local", "--assistant-id", printed.decode().strip())

    def xargs(self, count: int) -> None:
        words = " ".join([OPENAI, *CREATE, "--message", "{}"])
        numbers = "".join(f"{number}\n" for number in range(count))
        self.run("sh", "-c", f"xargs -P 4 -I {{}} {words}", text=numbers)

    def memory(self, file: str) -> int:
        """The most memory that `--each` had, in MB."""
        for left in self.folder.glob("out.jsonl*"):
            left.unlink()
        command = [OPENAI, *CREATE, "--each", file, "--output", "out.jsonl"]
        return most_memory(command, cwd=self.folder, env=self.env)


def rates(rounds: int, programs: dict[str, tuple[int, Callable[[], object]]]) -> dict[str, float]:
    """The best rate of each, in lines a second; the programs take turns."""
    best = dict.fromkeys(programs, 0.0)
    for _ in range(rounds):
        for label, (count, act) in programs.items():
            start = time.perf_counter()
            act()
            best[label] = max(best[label], count / (time.perf_counter() - start))
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--lines", type=int, default=5_000)
    parser.add_argument("--many", type=int, default=0, help="lines for the memory; 0 leaves it out")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as name,
        subprocess.Popen(
            [sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True
        ) as server,
    ):
        assert server.stdout is not None
        bench = Bench(Path(name), server.stdout.readline().strip())
        write_requests(bench.folder / "in.jsonl", options.lines)
        write_requests(bench.folder / "many.jsonl", options.many)
        lines, few = options.lines, 40
        found = rates(
            options.rounds,
            {
                "floor: threads over httpx": (lines, lambda: floor(bench.url, lines)),
                "--each": (lines, lambda: bench.each("in.jsonl")),
                "--each --local, echo": (lines, lambda: bench.local("in.jsonl")),
                "xargs -P 4, a process a line": (few, lambda: bench.xargs(few)),
            },
        )
        first = next(iter(found.values()))
        for label, rate in found.items():
            print(f"{label:32} {rate:8.1f}/s   {rate / first:6.3f} × the floor")
        for file in ("in.jsonl", "many.jsonl") if options.many else ():
            print(f"memory for {file:21} {bench.memory(file):6d} MB")
        server.terminate()


if __name__ == "__main__":
    main()
