"""Everything that the console does can be done through the API: every form has its operation in one table."""

from apiflask import APIFlask

from core.digests import Digester
from db import Database
from tests.conftest import StillClock
from tests.web.whole import whole_web

WITHOUT_FORMS = {"api", "slack_ingress", "keyed_ingress", "generic_ingress"}
TWINS: dict[str, set[str]] = {
    "account.create": {"POST /workspaces"},
    "account.end_session": {"DELETE /me/sessions/<session_id>"},
    "account.remove_identity": {"DELETE /me/identities/<identity_id>"},
    "account.sign_out_everywhere": {"DELETE /me/sessions"},
    "admin.add_channel": {"PATCH /integrations/<integration_id>"},
    "admin.ask_to_erase": {"POST /erasures"},  # with dry_run
    "admin.begin_import": {"POST /imports"},
    "admin.begin_slack_app": {"POST /slack-apps/drafts"},
    "admin.change_digest": {"PATCH /integrations/<integration_id>"},
    "admin.change_integration": {"PATCH /integrations/<integration_id>"},
    "admin.change_role": {"PATCH /members/<user_id>"},
    "admin.change_settings": {"PATCH /workspace"},
    "admin.connect_pylon": {"POST /integrations"},
    "admin.create_api_token": {"POST /api-tokens"},
    "admin.create_webhook_key": {"POST /webhook-keys"},
    "admin.delete_slack_app": {"DELETE /slack-apps/<app_id>"},
    "admin.delete_webhook_key": {"DELETE /webhook-keys/<key_id>"},
    "admin.disconnect_integration": {"DELETE /integrations/<integration_id>"},
    "admin.end_old_secrets": {"POST /integrations/<integration_id>/end-old-secrets"},
    "admin.erase_words": {"POST /erasures"},
    "admin.export_everything": {"GET /signals/export"},
    "admin.invite_member": {"POST /invitations"},
    "admin.join": {"POST /integrations/<integration_id>/channels/<channel_id>/join"},
    "admin.list_channels_again": {"POST /integrations/<integration_id>/channels/refresh"},
    "admin.paste_into_pylon": {"PATCH /integrations/<integration_id>"},
    "admin.remove_channel": {"PATCH /integrations/<integration_id>"},
    "admin.remove_member": {"DELETE /members/<user_id>"},
    "admin.renew_address": {"POST /integrations/<integration_id>/rotate-address"},
    "admin.renew_header": {"POST /integrations/<integration_id>/rotate-header"},
    "admin.replay_events": {"POST /events/<event_id>/replay", "POST /events/replay"},
    "admin.revoke_invitation": {"DELETE /invitations/<invitation_id>"},
    "admin.revoke_token": {"DELETE /api-tokens/<token_id>"},
    "admin.rotate_webhook_key": {"POST /webhook-keys/<key_id>/rotate"},
    "admin.save_slack_app": {"PATCH /slack-apps/<app_id>"},
    "admin.stop_import": {"POST /imports/<import_id>/cancel"},
    "admin.switch_integration": {"PATCH /integrations/<integration_id>"},
    "admin.switch_webhook_key": {"POST /webhook-keys/<key_id>/activate", "POST /webhook-keys/<key_id>/deactivate"},
    "console.change_signal": {"PATCH /signals/<signal_id>"},
    "console.delete_view": {"DELETE /saved-views/<view_id>"},
    "console.join_conversation": {"POST /conversations/<conversation_id>/join"},
    "console.part_conversation": {"POST /conversations/<conversation_id>/part"},
    "console.save_view": {"POST /saved-views"},
    "console.set_status": {"POST /signals/changes"},
}  # fmt: skip
BROWSERS_OWN = {
    "account.connect": "the provider asks the person, in their browser",
    "account.switch": "a token is of one workspace",
    "invitations.accept": "whoever is invited has no token yet",
    "sign_in.sign_out": "takes this browser's cookie",
}
"""What is about the browser that asks, and why a program cannot want it."""


def test_every_form_has_its_operation(database: Database, digester: Digester, clock: StillClock) -> None:
    app: APIFlask = whole_web(database, digester, clock)
    forms, operations = set(), set()
    for rule in app.url_map.iter_rules():
        methods, blueprint = (rule.methods or set()) - {"HEAD", "OPTIONS"}, rule.endpoint.partition(".")[0]
        if blueprint == "api":
            operations |= {f"{method} {rule.rule.removeprefix('/api/v1')}" for method in methods}
        elif blueprint not in WITHOUT_FORMS and methods - {"GET"}:
            forms.add(rule.endpoint)
    assert forms == TWINS.keys() | BROWSERS_OWN.keys()
    assert set().union(*TWINS.values()) <= operations
