"""Settings: the workspace's name, how long it keeps what it hears, exporting everything, and erasing."""

from datetime import timedelta

from flask import Response, redirect, request, url_for
from pydantic import Field
from sqlalchemy import func, select
from werkzeug.wrappers import Response as BaseResponse

from core.errors import SignalboxError
from db import Signal, Workspace
from web.actions import actor, audit
from web.actions.erasure import Whose, count_erasable, erase
from web.actions.settings import LONGEST_RETENTION_DAYS, WorkspaceChanges, change_workspace
from web.api.erasures import NewErasure
from web.api.fields import Body, Name
from web.api.signal_filters import SignalChoice
from web.console.admin.blueprint import admin
from web.console.admin.forms import Question, Refusal, ask, page, read_form, refusal_of
from web.console.confirming import is_confirmed, once_confirmed
from web.console.downloads import wanted_format
from web.console.navigation import ADMINS
from web.exports import download, export_rows
from web.services import services
from web.session import Visitor, require_role


class SettingsForm(Body):
    """What the form sends; without days everything is kept."""

    name: Name
    retention_days: int | None = Field(default=None, ge=1, le=LONGEST_RETENTION_DAYS)


@admin.get("/settings")
@require_role(*ADMINS)
def settings(visitor: Visitor) -> Response:
    """The forms."""
    return _shown(visitor)


@admin.post("/settings")
@require_role(*ADMINS)
def change_settings(visitor: Visitor) -> BaseResponse:
    """Saves. A retention that would delete signals asks first."""
    try:
        form = read_form(SettingsForm)
        doomed = 0 if is_confirmed() else _doomed(visitor, form.retention_days)
        if doomed:
            return ask(visitor, _about_retention(form, doomed))
        changes: WorkspaceChanges = {"name": form.name, "retention_days": form.retention_days}
        change_workspace(actor(visitor), changes)
    except SignalboxError as error:
        refusal, status = refusal_of(error)
        return _shown(visitor, refusal=refusal, status=status)
    return redirect(url_for("admin.settings", saved=1), 303)


@admin.post("/settings/export")
@require_role(*ADMINS)
def export_everything(visitor: Visitor) -> Response:
    """All signals of the workspace as a file. That somebody took them is written down first."""
    wanted = wanted_format(request.form.get("format"))
    with services().database.write() as session:
        audit(session, actor(visitor), "signals.exported", visitor.workspace_id, {"format": wanted})
    everything = SignalChoice(include_deleted=True, include_trivial=True)
    rows = export_rows(services().database, visitor.workspace_id, everything, wanted)
    return download(rows, wanted, services().clock())


@admin.post("/settings/erase")
@require_role(*ADMINS)
def ask_to_erase(visitor: Visitor) -> Response:
    """What an erasure would reach, before anything is done."""
    try:
        whose = read_form(NewErasure).whose()
        with services().database.read() as session:
            count = count_erasable(session, actor(visitor), whose)
    except SignalboxError as error:
        refusal, status = refusal_of(error)
        return _shown(visitor, refusal=refusal, status=status)
    return page(visitor, "question.html", question=_about_erasure(whose, count), action=url_for("admin.erase_words"))


@admin.post("/settings/erase/confirmed")
@require_role(*ADMINS)
@once_confirmed
def erase_words(visitor: Visitor) -> BaseResponse:
    """Erases."""
    count = erase(actor(visitor), read_form(NewErasure).whose())
    return redirect(url_for("admin.settings", erased=count), 303)


def _shown(visitor: Visitor, *, refusal: Refusal | None = None, status: int = 200) -> Response:
    with services().database.read() as session:
        workspace = session.get_one(Workspace, visitor.workspace_id)
    saved, erased = "saved" in request.args, request.args.get("erased", type=int)
    return page(
        visitor, "settings.html", status=status, workspace=workspace, refusal=refusal, saved=saved, erased=erased,
        longest=LONGEST_RETENTION_DAYS,
    )  # fmt: skip


def _doomed(visitor: Visitor, days: int | None) -> int:
    """How many signals this retention would delete that the present one keeps."""
    with services().database.read() as session:
        if days is None or session.get_one(Workspace, visitor.workspace_id).retention_days == days:
            return 0
        older = Signal.occurred_at < services().clock() - timedelta(days=days)
        query = select(func.count()).select_from(Signal).where(Signal.workspace_id == visitor.workspace_id, older)
        return session.scalar(query) or 0


def _about_retention(form: SettingsForm, doomed: int) -> Question:
    return Question(
        title=f"Keep signals for {form.retention_days} days only?",
        happens=(
            f"{doomed} signals that were said longer ago are deleted within the hour, with their edits.",
            "From then on, each signal is deleted when it gets that old, and so are the events behind it.",
            "This cannot be undone.",
        ),
        button="Delete what is older",
        back=url_for("admin.settings"),
        fields=(("name", form.name), ("retention_days", str(form.retention_days))),
    )


def _about_erasure(whose: Whose, count: int) -> Question:
    name, value = ("author", whose.author) if whose.author is not None else ("account", whose.account)
    signals = "1 signal" if count == 1 else f"{count} signals"
    return Question(
        title=f"Erase what {value} said?",
        happens=(
            f"{signals} of this workspace: the words, who said them, earlier versions, tags, links and details go.",
            "The raw events behind them are emptied, and cannot be replayed.",
            "What remains is that something was said, when, and that it was erased, so that it cannot come back.",
            "This cannot be undone. At the source, such as Slack or Pylon, nothing is changed.",
        ),
        button=f"Erase {signals}",
        back=url_for("admin.settings"),
        fields=((name, value or ""),),
    )
