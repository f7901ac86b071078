"""ID tokens: claims are read only after the signature, the issuer, the audience, the time and the nonce were proved.

Rules: https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
"""

from datetime import datetime

from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]  # Authlib brings no types
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from core.errors import Unauthenticated
from core.logs import get_logger
from core.taming import JsonObject, Tame
from oauth.discovery import Directory, Metadata
from oauth.providers import Provider

log = get_logger()

LEEWAY_SECONDS = 60


def prove(
    token: JsonObject, *, provider: Provider, metadata: Metadata, directory: Directory, nonce: str, now: datetime
) -> Tame:
    """The claims of a token answer's ``id_token``. Raises `Unauthenticated` (``id_token_invalid``) otherwise."""
    try:
        decoded = _decoded(Tame(token).text("id_token") or "", metadata, directory)
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            {"iss": {"value": metadata.issuer}, "aud": {"value": provider.client_id}},
            {"nonce": nonce, "client_id": provider.client_id, "access_token": Tame(token).text("access_token")},
        )
        claims.validate(now=int(now.timestamp()), leeway=LEEWAY_SECONDS)
        return Tame(dict(claims))
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        log.warning("id_token_refused", error_class=type(error).__name__)
        raise Unauthenticated(
            "id_token_invalid", "What the sign-in provider said of you could not be proved."
        ) from error


def _decoded(id_token: str, metadata: Metadata, directory: Directory) -> jwt.Token:
    """A provider may have changed its keys since they were last read, so an unknown key is looked for once more."""
    try:
        return _verified(id_token, metadata, directory.keys(metadata))
    except InvalidKeyIdError:
        return _verified(id_token, metadata, directory.keys(metadata, fresh=True))


def _verified(id_token: str, metadata: Metadata, keys: KeySet) -> jwt.Token:
    registry = JWSRegistry(algorithms=list(metadata.algorithms), strict_check_header=False)
    return jwt.decode(id_token, keys, registry=registry)
