"""The way to a server and back: headers, retries, server-sent events, errors."""
