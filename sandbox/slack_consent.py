"""Slack's authorize page: a person allows or denies the app, or nobody is asked.

Rules: https://docs.slack.dev/authentication/installing-with-oauth
"""

from urllib.parse import urlencode

from flask import Response, redirect, render_template_string, request
from werkzeug.wrappers import Response as BaseResponse

from sandbox.slack import SlackStandIn
from sandbox.slack_world import SlackTeam

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Add to Slack (sandbox)</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 34rem; margin: 10vh auto; padding: 0 1rem }
  button { font: inherit; padding: .5rem 1.25rem; margin-right: .5rem } li { font-family: ui-monospace, monospace }
</style>
<h1>This app asks for access to {{ chosen.name }}</h1>
<p>This is a stand-in for Slack on your own machine. The app may then:</p>
<ul>{% for scope in scopes %}<li>{{ scope }}</li>{% endfor %}</ul>
<form method="post" action="{{ request.path }}">
  {% for name, value in asked.items() if name != "team" %}
  <input type="hidden" name="{{ name }}" value="{{ value }}">{% endfor %}
  <p><label>Workspace <select name="team">{% for team in teams %}
    <option value="{{ team.id }}"{% if team == chosen %} selected{% endif %}>{{ team.name }}</option>{% endfor %}
  </select></label></p>
  <button name="decision" value="allow">Allow</button><button name="decision" value="deny">Deny</button>
</form></html>"""

_ASKED = ("client_id", "scope", "user_scope", "redirect_uri", "state", "team")


def ask_consent(slack: SlackStandIn) -> BaseResponse:
    """The consent page, or at once the way back with a code; 400 when the request names no known app or address."""
    source = request.form if request.method == "POST" else request.args
    asked = {name: source.get(name, "") for name in _ASKED}
    slack = slack.of_client(asked["client_id"])
    if problem := _problem(slack, asked):
        return Response(f"Slack (sandbox) refuses: {problem}\n", status=400, mimetype="text/plain")
    team = slack.world.team(asked["team"]) or slack.world.teams[0]
    decision = request.form.get("decision", "allow" if slack.auto_approve else "")
    if decision == "deny":
        return _back(asked, error="access_denied")
    if decision == "allow":
        return _back(asked, code=_approve(slack, team, asked))
    page = render_template_string(PAGE, asked=asked, scopes=_scopes(asked), teams=slack.world.teams, chosen=team)
    return Response(page, mimetype="text/html")


def _problem(slack: SlackStandIn, asked: dict[str, str]) -> str | None:
    if asked["client_id"] != slack.app.client_id:
        return "invalid_client_id"
    allowed = slack.app.redirect_urls
    uri = asked["redirect_uri"]
    if allowed and not any(uri == url or uri.startswith(url.rstrip("/") + "/") for url in allowed):
        return "bad_redirect_uri"
    if not uri.startswith(("http://", "https://")):
        return "bad_redirect_uri"
    return None if _scopes(asked) else "invalid_scope"


def _approve(slack: SlackStandIn, team: SlackTeam, asked: dict[str, str]) -> str:
    installer = slack.world.installer(team.id)
    return slack.grants.approve(
        team,
        installer_id=installer.id if installer else "",
        scopes=tuple(scope for scope in _scopes(asked) if scope not in slack.declined_scopes),
        client_id=asked["client_id"],
        redirect_uri=asked["redirect_uri"],
    )


def _scopes(asked: dict[str, str]) -> tuple[str, ...]:
    return tuple(scope for scope in asked["scope"].replace(" ", ",").split(",") if scope)


def _back(asked: dict[str, str], **outcome: str) -> BaseResponse:
    joint = "&" if "?" in asked["redirect_uri"] else "?"
    return redirect(asked["redirect_uri"] + joint + urlencode(outcome | {"state": asked["state"]}))
