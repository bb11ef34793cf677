"""Frames between a worker and a client that is slow, or gone."""

import asyncio
import threading

from openai_cli.engine.serve.frame_queue import FrameQueue

FRAME = b"x" * 100_000
COUNT = 100


def start_worker(queue: FrameQueue) -> threading.Thread:
    """A worker that has far more to say than may wait for a client."""

    def work() -> None:
        for _ in range(COUNT):
            queue.put(FRAME)
        queue.end()

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    return worker


async def is_done(worker: threading.Thread, seconds: float) -> bool:
    await asyncio.get_running_loop().run_in_executor(None, worker.join, seconds)
    return not worker.is_alive()


def test_a_worker_waits_for_a_slow_client() -> None:
    async def read() -> list[int]:
        queue = FrameQueue(asyncio.get_running_loop())
        worker = start_worker(queue)
        assert not await is_done(worker, 0.2)
        sizes = []
        while piece := await queue.take(30):
            sizes.append(len(piece))
        assert await is_done(worker, 30)
        return sizes

    sizes = asyncio.run(read())
    assert sum(sizes) == COUNT * len(FRAME)
    assert max(sizes) < 20 * len(FRAME)


def test_a_worker_does_not_wait_for_a_client_that_is_gone() -> None:
    async def leave() -> bool:
        queue = FrameQueue(asyncio.get_running_loop())
        worker = start_worker(queue)
        queue.close()
        return await is_done(worker, 30)

    assert asyncio.run(leave())
