"""Commands for the operator: exporting signals, rotating the encryption keys, and looking for what is wrong."""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TextIO

import click
from rich.console import Console
from sqlalchemy import select

from core.errors import SignalboxError
from db import Database, Workspace
from db.resealing import outdated, reseal
from web.doctor import examine
from web.parts import Parts

progress = Console(stderr=True, highlight=False)


def add_care(cli: click.Group) -> None:
    """Adds the commands."""
    _add_export(cli)
    _add_rotation(cli)
    _add_doctor(cli)


def _add_export(cli: click.Group) -> None:
    @cli.command("export")
    @click.option("--workspace", "workspaces", multiple=True, help="A workspace's id; repeat it for several.")
    @click.option("--format", "wanted", type=click.Choice(["ndjson", "csv"]), default="ndjson", show_default=True)
    @click.option("--include-deleted", is_flag=True, help="Also what was deleted at its source, marked so.")
    @click.option("--include-trivial", is_flag=True, help='Also small talk, such as "thanks!".')
    @click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="A file instead of stdout.")
    @click.pass_obj
    def export(
        parts: Parts,
        workspaces: tuple[str, ...],
        wanted: Literal["ndjson", "csv"],
        *,
        include_deleted: bool,
        include_trivial: bool,
        output: Path | None,
    ) -> None:
        """Write signals as NDJSON or CSV: of all workspaces, or of those that are named."""
        # The other commands, and a worker, do without the API's models.
        from web.api.signal_filters import SignalChoice  # noqa: PLC0415
        from web.exports import export_workspaces  # noqa: PLC0415

        chosen = _chosen(parts.database, workspaces)
        choice = SignalChoice(include_deleted=include_deleted, include_trivial=include_trivial)
        with _sink(output) as file:
            _write(file, export_workspaces(parts.database, chosen, choice, wanted))


def _chosen(database: Database, wanted: tuple[str, ...]) -> list[str]:
    """The ids of the workspaces, in the order of their making. Raises for one that does not exist."""
    with database.read() as session:
        known = list(session.scalars(select(Workspace.id).order_by(Workspace.id)))
    missing = [workspace_id for workspace_id in wanted if workspace_id not in known]
    if missing:
        raise SignalboxError("not_found", f"There is no such workspace: {', '.join(missing)}")
    return [workspace_id for workspace_id in known if workspace_id in wanted] if wanted else known


@contextmanager
def _sink(output: Path | None) -> Iterator[TextIO]:
    """Where the export goes. A file is readable by its owner only, and has its name only once it is whole."""
    if output is None:
        yield sys.stdout
        sys.stdout.flush()
        return
    draft = output.with_name(f"{output.name}.part")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        yield file
    draft.replace(output)


def _write(file: TextIO, pieces: Iterable[str]) -> None:
    size = 0
    with progress.status("exporting") if progress.is_terminal else _nothing():
        for piece in pieces:
            file.write(piece)
            size += len(piece)
    if progress.is_terminal:
        progress.print(f"{size:,} characters written")


def _add_rotation(cli: click.Group) -> None:
    @cli.command("rotate-keys")
    @click.pass_obj
    def rotate_keys(parts: Parts) -> None:
        """Seal every stored secret anew under the first of SIGNALBOX_ENCRYPTION_KEYS, while everything runs."""
        resealed = unreadable = 0
        waiting = outdated(parts.database)
        with progress.status(f"sealing {waiting} values anew") if progress.is_terminal else _nothing():
            for batch in reseal(parts.database):
                resealed, unreadable = resealed + batch.resealed, unreadable + len(batch.unreadable)
                for place in batch.unreadable:
                    click.echo(f"cannot be opened: {place}", err=True)
        click.echo(f"{resealed} values sealed anew")
        left = outdated(parts.database)
        if unreadable or left:
            raise SignalboxError("values_left", f"{left} values are still under older keys: keep those, and run again.")


def _add_doctor(cli: click.Group) -> None:
    @cli.command("doctor")
    @click.pass_obj
    def doctor(parts: Parts) -> None:
        """Look for what is wrong with this installation; exit code 1 when something is."""
        findings = list(examine(parts.settings, parts.database, parts.clock))
        for finding in findings:
            click.echo(f"{finding.verdict:<8} {finding.subject}: {finding.sentence}")
        wrong = [finding.subject for finding in findings if finding.verdict == "problem"]
        if wrong:
            raise SignalboxError("problems_found", f"{len(wrong)} of {len(findings)} are wrong: {', '.join(wrong)}")


@contextmanager
def _nothing() -> Iterator[None]:
    yield
