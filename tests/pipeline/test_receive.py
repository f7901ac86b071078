from datetime import UTC, datetime

from db import Database, SlackApp
from pipeline.receive import Arrival, CommitEach

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def test_a_repeat_names_the_first_event(database: Database) -> None:
    with database.write() as session:
        app = SlackApp(client_id="1.2", client_secret="s", signing_secret="t")
        session.add(app)
    inbox = CommitEach(database, wake=lambda: None)
    arrival = Arrival("slack", "message", b"{}", NOW, external_id="Ev1", slack_app_id=app.id)
    first, again = inbox.store(arrival), inbox.store(arrival)
    assert not first.duplicate
    assert again.duplicate
    assert first.event_id == again.event_id
