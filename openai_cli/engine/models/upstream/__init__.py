"""Code that both model API adapters share: configuration, HTTP, errors, quirks, token budget.

It builds on `client`: an adapter is an HTTP client, with the same event decoding, retry rules and
error texts.
"""
