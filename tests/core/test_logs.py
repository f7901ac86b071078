"""Logs hold constant events and allow-listed fields, whatever is handed to them."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from core.logs import configure_logs, get_logger


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    captured = capsys.readouterr()
    assert captured.out == ""
    return [json.loads(line) for line in captured.err.splitlines()]


def test_only_allowed_fields_are_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(form="json")
    get_logger().info("inbound_refused", platform="slack", reason="signature_mismatch", body="secret", token="xoxb")

    (line,) = lines(capsys)

    assert line["event"] == "inbound_refused"
    assert (line["platform"], line["reason"], line["level"]) == ("slack", "signature_mismatch", "info")
    assert set(line) == {"event", "platform", "reason", "level", "timestamp"}


def test_an_exception_is_named_by_its_class_and_place_and_never_quoted(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(form="json")
    try:
        int("xoxb-secret")
    except ValueError:
        get_logger().exception("step_failed")

    (line,) = lines(capsys)

    assert line["error_class"] == "ValueError"
    assert "test_logs.py" in str(line["exception"])
    assert "xoxb" not in json.dumps(line)


def test_a_library_speaks_only_from_warning_on_and_is_not_quoted(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(form="json")
    library = logging.getLogger("noisy.package")
    library.info("sending xoxb-secret")
    library.warning("body was %s", "xoxb-secret")
    try:
        json.loads("xoxb-secret")
    except ValueError:
        library.exception("failed with xoxb-secret")

    warning, error = lines(capsys)

    assert warning["event"] == error["event"] == "library_warning"
    assert str(warning["kind"]).startswith("noisy.package:")
    assert error["error_class"] == "JSONDecodeError"
    assert "xoxb" not in json.dumps([warning, error])


def test_the_level_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(level="ERROR", form="json")
    get_logger().warning("quiet")
    get_logger().error("loud")

    assert [line["event"] for line in lines(capsys)] == ["loud"]


def test_the_console_form_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(form="console")
    get_logger().info("started", bind="127.0.0.1:3000", secret="xoxb")
    shown = capsys.readouterr().err

    assert "started" in shown
    assert "127.0.0.1:3000" in shown
    assert "xoxb" not in shown
