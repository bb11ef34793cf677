"""The HTTP client: headers, retries, redirects, server-sent events, API errors."""
