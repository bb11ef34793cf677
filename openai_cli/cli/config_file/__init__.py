"""The configuration file: location, structure, checks, and the profile of a call."""
