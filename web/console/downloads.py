"""What the list of signals shows, as a file."""

from typing import cast, get_args

from flask import Response, request

from core.errors import FieldError, InvalidFields
from web.console.blueprint import console
from web.console.search import read_search
from web.exports import ExportFormat, download, export_rows
from web.services import services
from web.session import Visitor, require_role

FORMATS: tuple[ExportFormat, ...] = get_args(ExportFormat)


@console.get("/signals/export")
@require_role()
def export_signals(visitor: Visitor) -> Response:
    """The signals of the search in the address, all of its pages, in ``format``; without those that were deleted at
    their source. Raises `InvalidFields`.
    """
    wanted = wanted_format(request.args.get("format"))
    search = read_search(request.args)
    if search.filters is None:
        raise InvalidFields([FieldError(name, problem) for name, problem in search.errors.items()])
    choice = search.filters.model_copy(update={"include_deleted": False})
    rows = export_rows(services().database, visitor.workspace_id, choice, wanted)
    return download(rows, wanted, services().clock())


def wanted_format(text: str | None) -> ExportFormat:
    """The format that was asked for; CSV when none was. Raises `InvalidFields`."""
    if (text or "csv") not in FORMATS:
        raise InvalidFields([FieldError("format", f"Choose one of: {', '.join(FORMATS)}.")])
    return cast("ExportFormat", text or "csv")
