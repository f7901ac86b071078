"""Whom outgoing connections trust, read once per process: reading the certificates takes tens of milliseconds."""

import ssl
from functools import cache


@cache
def machines_trust() -> ssl.SSLContext:
    """The machine's certificate authorities, or those of ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``. Threads share it."""
    return ssl.create_default_context()
