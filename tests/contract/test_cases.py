"""Every case of every platform: the envelope and the decision are exactly as its file says."""

import pytest

from core.errors import InvalidFields, NotJsonObject
from tests.contract.cases import Case, all_cases

CASES = [pytest.param(case, id=f"{case.platform}-{case.name}") for case in all_cases()]


@pytest.mark.parametrize("case", CASES)
def test_envelope(case: Case) -> None:
    if case.refused is not None:
        assert refused_fields(case) == case.refused
        return

    assert case.adapter.envelope(case.request) == case.envelope


@pytest.mark.parametrize("case", CASES)
def test_envelope_of_the_stored_body(case: Case) -> None:
    """Without headers the same is read; only what the headers told may be missing."""
    if case.refused is not None:
        return
    again = case.adapter.envelope(case.stored)

    assert (again.type, again.malformed, again.effects) == (
        case.envelope.type,
        case.envelope.malformed,
        case.envelope.effects,
    )
    assert (again.app_id, again.accounts) == (case.envelope.app_id, case.envelope.accounts)


@pytest.mark.parametrize("case", CASES)
def test_decision(case: Case) -> None:
    if case.refused is not None:
        return
    if "decision" not in case.raw:
        assert goes_nowhere(case), "a decision is missing"
        return

    decided = case.adapter.signals(case.event(case.envelope.type), case.recipient, case.findings)

    assert decided == case.decision


def goes_nowhere(case: Case) -> bool:
    """Whether nobody is ever asked for a decision: the event is failed, answered at once, or addressed to no one."""
    envelope = case.envelope
    unaddressed = case.adapter.door == "slack_app" and not envelope.accounts
    return bool(envelope.malformed or envelope.reply or envelope.effects or unaddressed)


def refused_fields(case: Case) -> list[str]:
    assert case.adapter.validates, "only an adapter that validates may refuse a body"
    with pytest.raises((InvalidFields, NotJsonObject)) as refusal:
        case.adapter.envelope(case.request)
    return sorted(error.field for error in refusal.value.errors) if isinstance(refusal.value, InvalidFields) else []
