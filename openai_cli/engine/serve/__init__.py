"""The HTTP server of the engine: an ASGI app, and uvicorn around it.

    connection ─▶ protocol ─▶ app ─▶ gate, body ─▶ engine, in a thread ─▶ answer
                                                      └─ a run was queued ─▶ workers
                                                                               │
                               client ◀── app ◀── channel ◀────── its events ──┘

Only `protocol` and `server` know the HTTP library; it is an extra, so the rest of the tool never
imports them.
"""
