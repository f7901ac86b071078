"""The stand-in provider over HTTP: discovery, keys, a page that asks who one is, tokens and userinfo."""

import base64
import binascii
from dataclasses import fields
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, redirect, render_template_string, request
from werkzeug.wrappers import Response as BaseResponse

from core.taming import JsonObject
from sandbox.oidc import Asked, OpenIdStandIn, facts_of

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sign in (sandbox)</title>
<style>
  :root { color-scheme: light dark }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 34rem; margin: 10vh auto; padding: 0 1rem }
  button { font: inherit; display: block; width: 100%; margin: .5rem 0; padding: .5rem 1rem; text-align: left }
</style>
<h1>Who are you?</h1>
<p>This is a stand-in on your own machine. Choose whom to be.</p>
<form method="post" action="{{ request.path }}">
  {% for name, value in asked.items() %}
  <input type="hidden" name="{{ name }}" value="{{ value }}">{% endfor %}
  {% for person in people %}
  <button name="subject" value="{{ person.subject }}"><strong>{{ person.name }}</strong> · {{ person.email }}</button>
  {% endfor %}
  <button name="subject" value="">Cancel</button>
</form></html>"""


def openid_blueprint(provider: OpenIdStandIn, name: str) -> Blueprint:
    """Everything of the provider below its prefix."""
    blueprint = Blueprint(name, __name__, url_prefix=provider.prefix)

    @blueprint.get("/.well-known/openid-configuration")
    def discovery() -> BaseResponse:
        return _fault(provider, "discovery") or jsonify(_metadata(provider))

    @blueprint.get(provider.paths.keys)
    def keys() -> BaseResponse:
        return _fault(provider, "keys") or jsonify(provider.signer.jwks())

    @blueprint.route(provider.paths.authorize, methods=["GET", "POST"])
    def authorize() -> BaseResponse:
        return _authorize(provider)

    @blueprint.post(provider.paths.token)
    def token() -> BaseResponse:
        return _fault(provider, "token") or _token(provider)

    @blueprint.get(provider.paths.userinfo)
    def userinfo() -> BaseResponse:
        person = provider.bearer(request.headers.get("authorization", "").removeprefix("Bearer "))
        return jsonify(facts_of(person)) if person else Response(status=401)

    return blueprint


def _issuer(provider: OpenIdStandIn) -> str:
    return f"{request.scheme}://{request.host}{provider.prefix}"


def _metadata(provider: OpenIdStandIn) -> JsonObject:
    issuer, paths = _issuer(provider), provider.paths
    pkce: JsonObject = {"code_challenge_methods_supported": ["S256"]} if provider.has_pkce else {}
    return pkce | {
        "issuer": issuer,
        "authorization_endpoint": issuer + paths.authorize,
        "token_endpoint": issuer + paths.token,
        "userinfo_endpoint": issuer + paths.userinfo,
        "jwks_uri": issuer + paths.keys,
        "scopes_supported": ["openid", "profile", "email"],
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
    }


def _authorize(provider: OpenIdStandIn) -> BaseResponse:
    values = {field.name: request.values.get(field.name, "") for field in fields(Asked)}
    asked = Asked(**values)
    if asked.client_id != provider.client_id or not asked.redirect_uri.startswith(("http://", "https://")):
        return Response("The sandbox refuses: unknown client or address\n", status=400, mimetype="text/plain")
    if asked.response_type != "code" or "openid" not in asked.scope.split():
        return _back(asked, error="invalid_request")
    provider.asked.append(asked)
    chosen = request.form.get("subject", provider.people()[0].subject if provider.auto_approve() else None)
    if chosen is None:
        page = render_template_string(PAGE, asked=values, people=provider.people())
        return Response(page, mimetype="text/html")
    person = provider.person(chosen)
    return _back(asked, code=provider.approve(asked, person)) if person else _back(asked, error="access_denied")


def _token(provider: OpenIdStandIn) -> BaseResponse:
    form = request.form
    client = _basic() or (form.get("client_id", ""), form.get("client_secret", ""))
    if not provider.knows_client(*client):
        return _refusal(provider, "invalid_client", 401)
    granted = provider.redeem(
        form.get("code", ""),
        redirect_uri=form.get("redirect_uri", ""),
        code_verifier=form.get("code_verifier", ""),
        issuer=_issuer(provider),
    )
    return jsonify({"ok": True, **granted}) if granted else _refusal(provider, "invalid_grant", 400)


def _refusal(provider: OpenIdStandIn, error: str, status: int) -> Response:
    answer = jsonify(ok=False, error=error)
    answer.status_code = 200 if provider.errors_are_200 else status
    return answer


def _fault(provider: OpenIdStandIn, endpoint: str) -> Response | None:
    fault = provider.faults.due(endpoint)
    return Response(fault.error, status=fault.status) if fault else None


def _back(asked: Asked, **outcome: str) -> BaseResponse:
    joint = "&" if "?" in asked.redirect_uri else "?"
    return redirect(asked.redirect_uri + joint + urlencode(outcome | {"state": asked.state}))


def _basic() -> tuple[str, str] | None:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, client_secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return client_id, client_secret
