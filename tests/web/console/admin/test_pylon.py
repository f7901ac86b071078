"""Connecting Pylon step by step, and the checker of its deliveries, as an admin sees them."""

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from core.digests import Digester
from db import AuditEntry, Event, Integration, Knock
from tests.web.api.rows import add_event, add_integration, add_receipt, add_signal
from tests.web.console.admin.conftest import Rooms, secrets_on


def row_of(rooms: Rooms) -> Integration:
    with rooms.database.read() as session:
        return session.query(Integration).one()


def connected(rooms: Rooms, **fields: str) -> str:
    """The page of a connection that was just made."""
    rooms.submit("/integrations/pylon", **({"name": "Desk"} | fields))
    return f"/integrations/{row_of(rooms).id}/pylon"


def secret_of(rooms: Rooms, name: str) -> str | None:
    with rooms.database.read() as session:
        value: str | None = getattr(session.query(Integration).one(), name)
        return value


def done(rooms: Rooms, path: str) -> list[str]:
    """The steps that are marked as done."""
    return [title.text[0] for title in rooms.page(path).select("h2[id^=step]") if "Done" in title.text]


def knock(rooms: Rooms, findings: list[str], **values: object) -> str:
    with rooms.database.write() as session:
        made = Knock(integration_id=row_of(rooms).id, findings=findings, created_at=rooms.clock(), **values)
        session.add(made)
    return made.id


def test_the_first_step_makes_an_address_that_is_shown_once(rooms: Rooms, digester: Digester) -> None:
    answer = rooms.submit("/integrations/pylon", name="Desk", pylon_region="eu", access_token="")
    url, name, value = secrets_on(answer)
    key = url.removeprefix("http://localhost/webhooks/pylon/")
    assert (name, value[:7]) == ("Authorization", "Bearer ")
    row = row_of(rooms)
    assert (row.name, row.pylon_region) == ("Desk", "eu")
    assert row.ingest_key_digest == digester.digest("ingest_key", key)
    assert value == f"Bearer {secret_of(rooms, 'header_secret')}"
    for path in ("/integrations", f"/integrations/{row.id}", f"/integrations/{row.id}/pylon"):
        page = rooms.browser.get(path).text
        assert key not in page
        assert value[7:] not in page


def test_a_refused_token_is_said_on_the_form_and_what_was_typed_stays(rooms: Rooms) -> None:
    answer = rooms.submit("/integrations/pylon", name="Desk", pylon_region="eu", access_token="token-nobody")
    assert answer.status_code == 422
    assert "Pylon refuses this token" in answer.text
    assert "token-nobody" not in answer.text
    page = BeautifulSoup(answer.text, "html.parser")
    field = page.select_one("#field-access_token")
    assert field is not None
    assert (field["aria-invalid"], field["aria-describedby"]) == (
        "true",
        "error-access_token field-hint-access_token",
    )
    assert "Pylon refuses this token" in page.select_one("#error-access_token").text  # type: ignore[union-attr]  # it is there
    assert [box["value"] for box in page.select("input[name=pylon_region][checked]")] == ["eu"]
    assert page.select_one("#field-name")["value"] == "Desk"  # type: ignore[index]  # the page has it


def test_an_organisation_in_another_workspace_is_refused_with_the_reason(
    rooms: Rooms, open_rooms: Callable[..., Rooms]
) -> None:
    rooms.submit("/integrations/pylon", name="Desk", access_token="token-globex")
    answer = open_rooms("Other").submit("/integrations/pylon", name="Desk", access_token="token-globex")
    assert answer.status_code == 409
    assert "This organisation is connected to another workspace; disconnect it there first." in answer.text


def test_every_step_is_done_by_what_the_rows_say(rooms: Rooms) -> None:
    path = connected(rooms)
    assert done(rooms, path) == []
    assert "Limited mode" in rooms.text(path)
    assert "Limited mode" in rooms.text("/integrations")
    assert "Waiting for the first delivery" in rooms.text(path)
    assert rooms.submit(path, access_token="token-globex").location == path
    assert done(rooms, path) == ["1"]
    assert "org-globex" in rooms.text(path)
    rooms.submit(path, webhook_secret=" whsec ")
    assert secret_of(rooms, "webhook_secret") == "whsec"
    assert done(rooms, path) == ["1", "3"]
    workspace_id = rooms.made.workspace_id
    event = add_event(rooms.database, integration_id=row_of(rooms).id, state="processed")
    signal = add_signal(rooms.database, workspace_id, source="pylon")
    add_receipt(rooms.database, event, workspace_id, signal_id=signal)
    knock(rooms, ["header_ok", "signature_ok", "issue_id_ok"], event_id=event)
    assert done(rooms, path) == ["1", "2", "3", "4", "5"]
    assert rooms.page(path).select_one(f"a[href='/signals/{signal}']")


def test_what_cannot_be_pasted_is_said_above_the_steps(rooms: Rooms) -> None:
    path = connected(rooms)
    answer = rooms.submit(path, access_token="token-nobody")
    assert (answer.status_code, "Pylon refuses this token" in answer.text) == (422, True)
    assert rooms.submit(path, header_secret="mine").status_code == 422, "not a field of this form"
    assert secret_of(rooms, "access_token") is None


def test_bodies_are_there_to_copy_without_any_script(rooms: Rooms) -> None:
    bodies = [body.text for body in rooms.page(connected(rooms)).select(".triggers pre")]
    assert len(bodies) == 5
    assert bodies[0] == '{"event": "issue.created", "issue_id": "{{ issue.id }}"}'


def test_both_header_tokens_are_live_until_a_moment_that_is_shown(rooms: Rooms) -> None:
    path = connected(rooms)
    before = secret_of(rooms, "header_secret")
    assert "24 more hours" in rooms.text(f"{path}/header")
    _, value = secrets_on(rooms.submit(f"{path}/header", confirmed="1"))
    assert value == f"Bearer {secret_of(rooms, 'header_secret')}"
    assert secret_of(rooms, "previous_header_secret") == before
    assert "both live until 21 Nov 2026, 10:00 UTC" in rooms.text(path)
    rooms.clock.advance(hours=25)
    assert "both live until" not in rooms.text(path)
    rooms.submit(f"{path}/end-old-secrets", confirmed="1")
    assert secret_of(rooms, "previous_header_secret") is None


def test_both_secrets_of_a_custom_app_are_live_until_a_moment_that_is_shown(rooms: Rooms) -> None:
    path = connected(rooms)
    rooms.submit(path, app_secret="one")
    assert "both live until" not in rooms.text(path)
    rooms.submit(path, app_secret="two")
    assert (secret_of(rooms, "app_secret"), secret_of(rooms, "previous_app_secret")) == ("two", "one")
    assert "The old secret of the app and the new one are both live until 21 Nov 2026, 10:00 UTC" in rooms.text(path)
    rooms.submit(f"{path}/end-old-secrets", confirmed="1")
    assert secret_of(rooms, "previous_app_secret") is None
    assert "both live until" not in rooms.text(path)


def test_a_lost_address_is_made_anew(rooms: Rooms, digester: Digester) -> None:
    path = connected(rooms)
    before = row_of(rooms).ingest_key_digest
    assert "refused at once" in rooms.text(f"{path}/address")
    [url] = secrets_on(rooms.submit(f"{path}/address", confirmed="1"))
    assert row_of(rooms).ingest_key_digest == digester.digest("ingest_key", url.rpartition("/")[2]) != before


def test_the_checker_tells_every_verdict_in_words(rooms: Rooms) -> None:
    path = connected(rooms)
    knock(rooms, ["header_wrong", "signature_missing"], refusal="token_mismatch")
    rooms.clock.advance(minutes=1)
    event = add_event(rooms.database, integration_id=row_of(rooms).id)
    knock(rooms, ["header_ok", "signature_unused", "unresolved_variable", "issue_id_missing"], event_id=event)
    page = rooms.page(f"/integrations/{row_of(rooms).id}")
    told = [[cell.text for cell in row.select(".verdict")] for row in page.select(".checks tbody tr:not(.check-more)")]
    assert told == [
        ["Ok", "Unused", "Unresolved variable", "Missing", "Waiting"],
        ["Wrong", "Missing", "Not read", "Not read", "Refused"],
    ]
    assert [row.strong.text for row in page.select(".check-more") if row.strong] == [
        "A {{variable}} was left unresolved: take it from Pylon's picker.",
        "The header holds another value: copy ours into Pylon again.",
    ]
    assert rooms.page(path).select(".checks")


def test_a_flaw_that_did_no_harm_is_no_alarm(rooms: Rooms) -> None:
    connected(rooms, access_token="token-acme")
    event = add_event(rooms.database, integration_id=row_of(rooms).id, state="processed")
    signal = add_signal(rooms.database, rooms.made.workspace_id, source="pylon")
    add_receipt(rooms.database, event, rooms.made.workspace_id, signal_id=signal)
    knock(rooms, ["header_ok", "unresolved_variable", "issue_id_ok"], event_id=event)
    page = rooms.page(f"/integrations/{row_of(rooms).id}")
    [body] = page.select(".verdict-warn")
    assert (body.text, page.select(".verdict-bad"), page.select(".check-more strong")) == (
        "Unresolved variable",
        [],
        [],
    )
    more = page.select_one(".check-more")
    assert more is not None
    assert "Nothing is missing: the event was completed through Pylon's API." in more.text
    assert "take it from Pylon's picker" in more.text


def test_a_row_names_its_event_and_issue_and_counts_repeats(rooms: Rooms) -> None:
    connected(rooms)
    about = {"integration_id": row_of(rooms).id, "type": "issue.assigned"}
    knock(rooms, ["header_ok"], event_id=add_event(rooms.database, **about))
    rooms.clock.advance(minutes=1)
    hostile = add_event(rooms.database, subject="<b>1042</b>", **about)
    knock(rooms, ["header_ok"], event_id=hostile, times=3)
    page = rooms.page(f"/integrations/{row_of(rooms).id}")
    told = [muted.text for muted in page.select(".check-what")]
    assert told == ["issue.assigned · issue <b>1042</b> · ×3", "issue.assigned"]


def test_polling_answers_only_when_something_changed(rooms: Rooms) -> None:
    path = connected(rooms)
    waiting = rooms.page(path).select_one("#deliveries")
    assert waiting is not None
    assert waiting["hx-trigger"] == "every 3s"
    assert rooms.browser.get(str(waiting["hx-get"])).status_code == 204
    event = add_event(rooms.database, integration_id=row_of(rooms).id)
    knock(rooms, ["header_ok"], event_id=event)
    fragment = rooms.browser.get(str(waiting["hx-get"]))
    assert fragment.status_code == 200
    assert "<html" not in fragment.text
    later = BeautifulSoup(fragment.text, "html.parser").select_one("#deliveries")
    assert later is not None
    assert "Waiting" in later.text
    assert rooms.browser.get(str(later["hx-get"])).status_code == 204
    with rooms.database.write() as session:
        session.get_one(Event, event).state = "failed"
    settled = BeautifulSoup(rooms.browser.get(str(later["hx-get"])).text, "html.parser").select_one("#deliveries")
    assert settled is not None
    assert settled["hx-trigger"] == "every 15s"


@pytest.mark.parametrize("below", ["", "/header", "/address", "/deliveries"])
def test_only_pylons_own_connections_have_these_pages(
    rooms: Rooms, open_rooms: Callable[..., Rooms], below: str
) -> None:
    path = connected(rooms)
    assert open_rooms("Other").browser.get(path + below).status_code == 404
    slack = add_integration(rooms.database, rooms.made.workspace_id, "slack")
    assert rooms.browser.get(f"/integrations/{slack}/pylon{below}").status_code == 404


def test_a_connection_that_ended_offers_a_new_one(rooms: Rooms) -> None:
    path = connected(rooms)
    rooms.submit(f"/integrations/{row_of(rooms).id}/disconnect", confirmed="1")
    assert "This connection has ended" in rooms.text(path)


def ticked(rooms: Rooms) -> list[str]:
    boxes = rooms.page(f"/integrations/{row_of(rooms).id}").select("input[type=checkbox][name=pylon_events][checked]")
    return [str(box["value"]) for box in boxes]


def test_an_admin_ticks_what_is_taken(rooms: Rooms) -> None:
    connected(rooms)
    path = f"/integrations/{row_of(rooms).id}"
    every = ["issue.created", "message.created", "issue.updated", "issue.closed"]
    assert ticked(rooms) == every
    assert rooms.submit(path, name="Desk", pylon_events=["", "issue.created"]).status_code == 303
    assert (row_of(rooms).config, ticked(rooms)) == ({"pylon_events": ["issue.created"]}, ["issue.created"])
    with rooms.database.read() as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert entry is not None
        assert (entry.action, entry.details) == ("integration.changed", {"fields": ["config", "name"]})
    rooms.submit(path, name="Desk", pylon_events=["", *every])
    assert (row_of(rooms).config, ticked(rooms)) == ({"pylon_events": []}, every)


def test_ticking_nothing_is_refused_beside_the_boxes(rooms: Rooms) -> None:
    connected(rooms)
    path = f"/integrations/{row_of(rooms).id}"
    answer = rooms.submit(path, name="Desk", pylon_events=[""])
    page = BeautifulSoup(answer.text, "html.parser")
    boxes = page.select_one("fieldset[aria-invalid=true]")
    assert answer.status_code == 422
    assert boxes is not None
    assert boxes["aria-describedby"] == "error-pylon_events hint-pylon_events"
    assert "Tick at least one" in page.select_one("#error-pylon_events").text  # type: ignore[union-attr]  # it is there
    assert row_of(rooms).config == {}


def test_other_parts_of_the_configuration_stay(rooms: Rooms) -> None:
    connected(rooms)
    with rooms.database.write() as session:
        session.get_one(Integration, row_of(rooms).id).config = {"pylon_accept_ts_scheme": True}
    path = f"/integrations/{row_of(rooms).id}"
    rooms.submit(path, name="Desk", pylon_events=["", "issue.closed"])
    assert row_of(rooms).config == {"pylon_accept_ts_scheme": True, "pylon_events": ["issue.closed"]}
    rooms.submit(path, name="Renamed")
    assert row_of(rooms).config == {"pylon_accept_ts_scheme": True, "pylon_events": ["issue.closed"]}
    assert rooms.submit(path, name="Desk", pylon_events=["", "issue.exploded"]).status_code == 422


def open_steps(rooms: Rooms, path: str) -> list[str]:
    return [step.text[0] for step in rooms.page(path).select("details.step[open] > summary h2")]


def test_steps_are_open_while_there_is_something_to_do(rooms: Rooms) -> None:
    path = connected(rooms)
    assert open_steps(rooms, path) == ["1", "2", "3", "4", "5"]
    rooms.submit(path, access_token="token-acme")
    rooms.submit(path, webhook_secret="whsec")
    event = add_event(rooms.database, integration_id=row_of(rooms).id, state="processed")
    add_receipt(rooms.database, event, rooms.made.workspace_id, outcome="handled")
    knock(rooms, ["header_ok", "signature_ok", "issue_id_ok"], event_id=event)
    assert open_steps(rooms, path) == ["5"]
    again = BeautifulSoup(rooms.submit(path, access_token="token-nobody").text, "html.parser")
    assert [step.text[0] for step in again.select("details.step[open] > summary h2")] == ["1", "5"]


def test_a_refused_token_is_told_at_a_glance_with_since_when_and_the_way_out(rooms: Rooms) -> None:
    path = connected(rooms, access_token="token-acme")
    row = row_of(rooms)
    assert "1" in done(rooms, path)
    assert "attention" not in rooms.text("/")
    with rooms.database.write() as session:
        session.get_one(Integration, row.id).note_token_problem("pylon_token_refused", rooms.clock())
    since = "20 Nov 2026, 10:00 UTC"
    assert "Desk needs attention" in rooms.text("/")
    for place in ("/", "/integrations"):
        page = rooms.text(place)
        assert f"Token refused: Pylon does not accept the API token: give it another one (since {since})" in page
    for place in (f"/integrations/{row.id}", path):
        alarm = rooms.page(place).select_one('[role="alert"]')
        assert alarm is not None
        assert "Pylon refuses the API token. Give another one" in alarm.text
        assert f"since {since}" in alarm.text
    assert "1" not in done(rooms, path)
    rooms.submit(path, access_token="token-acme")
    assert row_of(rooms).refresh_problem is None
    assert "Token refused" not in rooms.text("/integrations")
    assert "1" in done(rooms, path)
