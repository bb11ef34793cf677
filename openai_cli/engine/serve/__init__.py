"""The HTTP server of the engine: an ASGI app, and uvicorn around it.

    connection ─▶ http_protocol ─▶ asgi ─▶ auth, body ─▶ engine, in a thread ─▶ response
                                                            └─ a run was queued ─▶ workers
                                                                                     │
                               client ◀── asgi ◀── frame_queue ◀────── its events ──┘

Only `http_protocol` and `server` import the HTTP library, which is an extra.
"""
