"""Connecting Pylon, step by step: every step's state comes from the rows, so it can be left and taken up again."""

from dataclasses import dataclass, field
from typing import cast

from flask import Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.errors import NotFound, SignalboxError
from db import Integration
from db.sealed import holds
from pipeline.tokens.health import token_health
from web.actions import actor, owned, rotating
from web.actions.connecting import connect, is_limited
from web.actions.integrations import Changes, change_integration
from web.api.connecting import NewIntegration
from web.api.fields import Body, Secret, optional
from web.console.admin.blueprint import admin
from web.console.admin.deliveries import COLUMNS, deliveries
from web.console.admin.forms import Question, Refusal, ask, page, read_form, refusal_of
from web.console.confirming import once_confirmed
from web.console.navigation import ADMINS
from web.console.resending import Aftermath, leave_word, once_per_form
from web.console.signals import HTMX_CONFIG
from web.services import services
from web.session import Visitor, require_role

PLATFORM = "pylon"
_HEADER = (
    "A new header token is made and shown once.",
    "The old one works for 24 more hours: put the new one into Pylon's webhook meanwhile.",
)
_ADDRESS = (
    "A new webhook URL is made and shown once.",
    "What Pylon still sends to the old one is refused at once, so put the new one into Pylon's webhook right away.",
)


class PastedSecrets(Body):
    """What Pylon shows and an admin pastes; a field left empty stays as it is."""

    access_token: Secret = optional()
    webhook_secret: Secret = optional()
    app_secret: Secret = optional()


@dataclass(frozen=True, slots=True)
class Revealed:
    """What is shown this once: the address, the header, or both; ``what`` names it."""

    what: str
    values: tuple[tuple[str, str], ...] = field(repr=False)


@admin.get("/integrations/pylon")
@require_role(*ADMINS)
def begin_pylon(visitor: Visitor) -> Response:
    """The first step: which region, and whose token."""
    return page(visitor, "pylon_begin.html", name="Pylon", region="us", refusal=None)


@admin.post("/integrations/pylon")
@require_role(*ADMINS)
@once_per_form
def connect_pylon(visitor: Visitor) -> BaseResponse:
    """Connects, and goes on with what to type into Pylon, which is shown only in this answer."""
    try:
        made = connect(actor(visitor), read_form(NewIntegration, platform=PLATFORM).wanted())
    except SignalboxError as error:
        refusal, status = refusal_of(error)
        name, region = request.form.get("name", ""), request.form.get("pylon_region", "us")
        return page(visitor, "pylon_begin.html", status=status, name=name, region=region, refusal=refusal)
    values = [("Webhook URL", made.webhook_url)]
    if made.header_name is not None and made.header_value is not None:
        values += [("Header name", made.header_name), ("Header value", made.header_value)]
    what = "Its webhook URL and header"
    return _guide(visitor, made.integration, revealed=Revealed(what, tuple(values)))


@admin.get("/integrations/<integration_id>/pylon")
@require_role(*ADMINS)
def set_up_pylon(visitor: Visitor, integration_id: str) -> Response:
    """Where the set-up stands, and what comes next."""
    return _guide(visitor, _found(visitor, integration_id))


@admin.post("/integrations/<integration_id>/pylon")
@require_role(*ADMINS)
def paste_into_pylon(visitor: Visitor, integration_id: str) -> BaseResponse:
    """Keeps what was pasted; an API token is checked first."""
    row = _found(visitor, integration_id)
    try:
        pasted = read_form(PastedSecrets).model_dump(exclude_unset=True)
        change_integration(actor(visitor), integration_id, cast("Changes", pasted))
    except SignalboxError as error:
        refusal, status = refusal_of(error)
        return _guide(visitor, row, refusal=refusal, status=status)
    return redirect(url_for("admin.set_up_pylon", integration_id=integration_id), 303)


@admin.get("/integrations/<integration_id>/pylon/deliveries")
@require_role(*ADMINS)
def pylon_deliveries(visitor: Visitor, integration_id: str) -> Response:
    """The checker as a fragment; 204 while nothing changed since the version in ``seen``."""
    row = _found(visitor, integration_id)
    with services().database.read() as session:
        found = deliveries(session, row)
    if request.args.get("seen") == found.version:
        return Response(status=204)
    return make_response(render_template("admin/pylon_checks.html", row=row, found=found, columns=COLUMNS))


@admin.get("/integrations/<integration_id>/pylon/<any(header,address):what>")
@require_role(*ADMINS)
def ask_to_renew(visitor: Visitor, integration_id: str, what: str) -> Response:
    """What a new header token or address means."""
    row = _found(visitor, integration_id)
    is_header = what == "header"
    return ask(visitor, Question(
        title=f"Make a new {'header token' if is_header else 'webhook URL'} for {row.name}?",
        happens=_HEADER if is_header else _ADDRESS, button=f"Make a new {'token' if is_header else 'URL'}",
        back=url_for("admin.set_up_pylon", integration_id=row.id), is_destructive=not is_header,
    ))  # fmt: skip


@admin.post("/integrations/<integration_id>/pylon/header")
@require_role(*ADMINS)
@once_confirmed
@once_per_form
def renew_header(visitor: Visitor, integration_id: str) -> BaseResponse:
    """Makes a header token, and shows it once."""
    _found(visitor, integration_id)
    made = rotating.rotate_header(actor(visitor), integration_id)
    values = (("Header name", made.header_name), ("Header value", made.header_value))
    return _guide(visitor, made.integration, revealed=Revealed("The new header token", values))


@admin.post("/integrations/<integration_id>/pylon/address")
@require_role(*ADMINS)
@once_confirmed
@once_per_form
def renew_address(visitor: Visitor, integration_id: str) -> BaseResponse:
    """Makes an address, and shows it once."""
    _found(visitor, integration_id)
    made = rotating.rotate_address(actor(visitor), integration_id)
    values = (("Webhook URL", made.webhook_url),)
    return _guide(visitor, made.integration, revealed=Revealed("The new webhook URL", values))


@admin.post("/integrations/<integration_id>/pylon/end-old-secrets")
@require_role(*ADMINS)
@once_confirmed
def end_old_secrets(visitor: Visitor, integration_id: str) -> BaseResponse:
    """Ends the secrets that live beside the present ones."""
    _found(visitor, integration_id)
    rotating.end_old_secrets(actor(visitor), integration_id)
    return redirect(url_for("admin.set_up_pylon", integration_id=integration_id), 303)


def _found(visitor: Visitor, integration_id: str) -> Integration:
    with services().database.read() as session:
        row = owned(session, actor(visitor), Integration, integration_id, "integration")
    if row.platform != PLATFORM:
        raise NotFound("Pylon connection")
    return row


def _guide(
    visitor: Visitor,
    row: Integration,
    *,
    revealed: Revealed | None = None,
    refusal: Refusal | None = None,
    status: int = 200,
) -> Response:
    if revealed is not None:
        leave_word(_aftermath(row, revealed))
    inspector = services().inspectors.get(PLATFORM)
    with services().database.read() as session:
        found = deliveries(session, row)
    response = page(
        visitor, "pylon_setup.html", status=status, row=row, revealed=revealed, refusal=refusal, found=found,
        columns=COLUMNS, triggers=inspector.triggers if inspector else (), now=services().clock(),
        limited=is_limited(row), has=lambda name: holds(row, name), htmx_config=HTMX_CONFIG,
        token=token_health(row, services().clock()),
    )  # fmt: skip
    response.headers["Cache-Control"] = "no-store"
    return response


def _aftermath(row: Integration, revealed: Revealed) -> Aftermath:
    return Aftermath(
        made=f"{row.name} is connected. {revealed.what} can be seen only once.",
        missed="If it was not copied, step 2 of the set-up makes a new webhook URL and a new header token.",
        url=url_for("admin.set_up_pylon", integration_id=row.id),
    )
