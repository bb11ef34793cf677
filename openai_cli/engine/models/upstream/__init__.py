"""What the two adapters to living APIs share: where to, the wire, troubles, patience.

Its modules come from `client`: an adapter is a client of its own, and event decoding, retry rules
and error texts are the same on both sides of the engine.
"""
