"""The ``signalbox`` command. Exit codes: 0 done, 1 failed with a one-line reason, 2 usage."""

import contextlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

import click
from sqlalchemy.exc import DBAPIError

from core.errors import InvalidFields, SignalboxError
from core.logs import configure_logs
from core.settings import Settings, load_settings
from db.migrate import upgrade
from oauth.bootstrap import bootstrap
from pipeline.replay import replay
from web.care import add_care
from web.demo import play_demo
from web.manifest import render_manifest
from web.parts import Parts
from web.run import run_machine, run_worker_process
from web.server import serve


@dataclass(frozen=True, slots=True)
class Root:
    """The composition root, as the commands see it: parts from settings, and import paths of the web apps."""

    parts: Callable[[Settings], Parts]
    served_app: str
    embedded_app: str
    listening_app: str


class Commands(click.Group):
    """Turns expected errors into one line on stderr and exit code 1."""

    def invoke(self, ctx: click.Context) -> object:
        """Runs the command."""
        try:
            return super().invoke(ctx)
        except InvalidFields as error:
            _fail(" ".join(f"{field.field}: {field.message}" for field in error.errors))
        except SignalboxError as error:
            _fail(error.message)
        except DBAPIError as error:
            _fail(f"The database cannot be used: {type(error.orig).__name__}. Check SIGNALBOX_DATABASE_URL.")
        except OSError as error:
            _fail(f"{error.strerror or error}: {error.filename}" if error.filename else str(error))


SOCKET_MODE = click.option(
    "--socket-mode", is_flag=True, help="Open a socket for each Slack app with an app-level token."
)


def make_cli(root: Root) -> click.Group:
    """The command group."""

    @click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
    @click.pass_context
    def cli(context: click.Context) -> None:
        """Signalbox: customer words from Slack and Pylon as one stream of signals."""
        if context.invoked_subcommand != "manifest":
            settings = load_settings()
            configure_logs(settings.log_level, settings.log_format)
            context.obj = root.parts(settings)

    _add_servers(cli, root)
    _add_tasks(cli)
    add_care(cli)
    return cli


def _add_servers(cli: click.Group, root: Root) -> None:
    @cli.command("run")
    @SOCKET_MODE
    @click.pass_obj
    def run(parts: Parts, *, socket_mode: bool) -> None:
        """Migrate, serve and work on this machine."""
        upgrade(parts.database)
        parts.database.dispose()  # the server forks; its children open connections of their own
        embedded_app = root.listening_app if socket_mode else root.embedded_app
        run_machine(
            parts.settings,
            served_app=root.served_app,
            embedded_app=embedded_app,
            worker=("--socket-mode",) if socket_mode else (),
        )

    @cli.command("web")
    @click.pass_obj
    def web(parts: Parts) -> None:
        """Serve only; `signalbox worker` does the work."""
        serve(parts.settings, root.served_app)

    @cli.command("worker")
    @SOCKET_MODE
    @click.pass_obj
    def worker(parts: Parts, *, socket_mode: bool) -> None:
        """Work only; any number of them on PostgreSQL."""
        parts.prepare()
        with contextlib.ExitStack() as beside:
            if socket_mode:
                listener = parts.listener()
                listener.start()
                beside.callback(listener.stop)
            run_worker_process(parts.settings, parts.steps, parts.clock)

    @cli.command("demo")
    @click.pass_obj
    def demo(parts: Parts) -> None:
        """Run with stand-ins for Slack and Pylon and sample conversations."""
        play_demo(parts.settings)


def _add_tasks(cli: click.Group) -> None:
    @cli.group("db")
    def database() -> None:
        """Look after the database."""

    @database.command("upgrade")
    @click.pass_obj
    def upgrade_database(parts: Parts) -> None:
        """Bring the schema to the newest revision."""
        upgrade(parts.database)

    @cli.command("bootstrap")
    @click.option("--workspace", "name", required=True, help="The new workspace's name.")
    @click.option("--email", required=True, help="Its owner's address.")
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
    @click.pass_obj
    def bootstrap_workspace(parts: Parts, name: str, email: str, *, as_json: bool) -> None:
        """Make a workspace with its owner, a one-time sign-in link and an API token."""
        upgrade(parts.database)
        made = bootstrap(
            parts.database,
            parts.digester,
            name=name,
            email=email,
            now=parts.clock(),
            public_url=parts.settings.public_url,
        )
        fields = {
            "workspace_id": made.workspace_id,
            "user_id": made.user_id,
            "sign_in_url": made.sign_in_url,
            "api_token": made.api_token,
        }
        click.echo(json.dumps(fields) if as_json else "\n".join(f"{name}: {value}" for name, value in fields.items()))

    @cli.command("manifest")
    @click.option("--public-url", help="Where Slack reaches this server (default: SIGNALBOX_PUBLIC_URL).")
    @click.option(
        "--socket-mode", is_flag=True, help="For a server that Slack cannot reach: no addresses for requests."
    )
    def manifest(public_url: str | None, *, socket_mode: bool) -> None:
        """Print the Slack app manifest with this server's addresses."""
        click.echo(render_manifest(public_url or load_settings().public_url, socket_mode=socket_mode), nl=False)

    @cli.command("replay")
    @click.argument("event_ids", nargs=-1, required=True, metavar="EVENT_ID...")
    @click.pass_obj
    def replay_events(parts: Parts, event_ids: tuple[str, ...]) -> None:
        """Send events through the pipeline again."""
        with parts.database.write() as session:
            replayed = replay(session, event_ids, parts.clock())
        missing = [event_id for event_id in event_ids if event_id not in replayed]
        click.echo(f"{len(replayed)} events are pending again")
        if missing:
            _fail(f"No such event: {', '.join(missing)}")


def _fail(reason: str) -> NoReturn:
    click.echo(reason, err=True)
    sys.exit(1)
