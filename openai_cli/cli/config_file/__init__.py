"""The configuration file: where it is, what may stand in it, and the profile of a call."""
