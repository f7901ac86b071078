"""The HTTP client for neighbours on this machine."""

import httpx


def loopback_client(seconds: float, *, follow_redirects: bool = False) -> httpx.Client:
    """A client that ignores proxies of the environment, waits at most ``seconds``, and leaves no socket open."""
    return httpx.Client(
        timeout=seconds,
        follow_redirects=follow_redirects,
        trust_env=False,
        verify=False,  # nothing here speaks TLS, and reading certificates takes time
        limits=httpx.Limits(max_keepalive_connections=0),
    )
