"""The listening socket."""

import asyncio
import socket
from contextlib import closing

import pytest

from openai_cli.engine.serve.bind import listen


def no_delay_of_an_accepted_connection(listener: socket.socket) -> int:
    """TCP_NODELAY of a connection that an asyncio server on this socket, as uvicorn's, accepts."""

    async def connect() -> int:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def accepted(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection = writer.get_extra_info("socket")
            found.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        server = await asyncio.start_server(accepted, sock=listener)
        async with server:
            _, client = await asyncio.open_connection(*listener.getsockname()[:2])
            answer = await found
            client.close()
            await client.wait_closed()
        return answer

    return asyncio.run(connect())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_answers_are_sent_without_delay(host: str) -> None:
    """Otherwise each request on a kept-alive connection waits for a delayed acknowledgement."""
    with closing(listen(host, 0, reachable=False)) as listener:
        assert no_delay_of_an_accepted_connection(listener)
