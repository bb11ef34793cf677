"""Selects the trusted certificate authorities.

The first of these is used: SSL_CERT_FILE, SSL_CERT_DIR, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, the
system's certificates (if `truststore` is installed), the list that httpx includes.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path

import httpx

from openai_cli.errors import Problem, UsageError

CA_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def trusting_context(environ: Mapping[str, str]) -> ssl.SSLContext:
    """A TLS context with the trusted authorities.

    Raises UsageError for a file or folder in a variable that cannot be used.
    """
    variable = next((name for name in CA_VARIABLES if environ.get(name)), "")
    if variable:
        return _from_path(environ[variable], variable)
    try:
        import truststore
    except ImportError:
        return httpx.create_ssl_context(trust_env=False)
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _from_path(path: str, variable: str) -> ssl.SSLContext:
    """A context that trusts the authorities in a PEM file, or in a folder in OpenSSL's format."""
    try:
        if Path(path).is_dir():
            return ssl.create_default_context(capath=path)
        Path(path).read_bytes()
        return ssl.create_default_context(cafile=path)
    except ssl.SSLError as error:
        why = f'"{path}" has no readable certificate: {error}'
    except OSError as error:
        why = f'cannot read "{path}": {error.strerror}'
    except ValueError as error:
        why = f'cannot read "{path}": {error}'
    raise UsageError(problems=[Problem(variable, why)])
