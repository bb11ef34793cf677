"""A worker process: executes runs from the queue of a shared store, without an HTTP server."""

import asyncio
import signal
from collections.abc import Callable
from typing import NamedTuple

from openai_cli.engine.engine import Engine
from openai_cli.engine.models.registry import ModelRegistry
from openai_cli.engine.serve.reports import RunReport
from openai_cli.engine.serve.run_queue import RunQueue
from openai_cli.engine.serve.workers import Log
from openai_cli.engine.store import Store


class Worker(NamedTuple):
    """Executes at most `runs` at the same time; when stopped, they have `grace` seconds to end."""

    store: Store
    models: ModelRegistry
    log: Log
    report: Callable[[RunReport], None]
    runs: int
    grace: float

    def run(self, ready: Callable[[], None]) -> int:
        """Work until SIGTERM, SIGINT or SIGHUP; a second signal ends the grace period.

        Returns the number of runs marked as failed because they did not end in time. `ready` is
        called when the worker starts claiming runs.
        """
        return asyncio.run(self._run(ready))

    async def _run(self, ready: Callable[[], None]) -> int:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        queue = RunQueue(self.store, loop, self.log, self.runs, self.report)
        engine = Engine(self.store, self.models, queue)

        def asked() -> None:
            if stop.is_set():
                queue.end_grace_period()
            stop.set()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) != signal.SIG_IGN:
                loop.add_signal_handler(number, asked)
        try:
            queue.start(engine)
            ready()
            await stop.wait()
            return await asyncio.to_thread(queue.stop, self.grace)
        finally:
            engine.close()
