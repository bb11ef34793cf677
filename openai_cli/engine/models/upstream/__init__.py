"""Code that both model API adapters share: configuration, HTTP, errors, quirks, token budget.

It builds on `client`: adapters use the same event decoding, retry rules and error texts.
"""
