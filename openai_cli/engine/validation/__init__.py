"""Checks of request bodies and query parameters, with the API's own refusals."""
