import pytest

from web.console.highlights import marked


@pytest.mark.parametrize(
    ("text", "query", "shown"),
    [
        ("An Export, exported", "export", "An <mark>Export</mark>, exported"),
        ("An Export, exported", "export*", "An <mark>Export</mark>, <mark>exported</mark>"),
        ("time\nout, time", '"time out"', "<mark>time\nout</mark>, time"),
        ("<mark>&", "mark", "&lt;<mark>mark</mark>&gt;&amp;"),
        ("slow export", "export -slow", "slow <mark>export</mark>"),
        ("訪問の予約を変更", "予約", "訪問の<mark>予約</mark>を変更"),
        ("<b>", "", "&lt;b&gt;"),
        ("", "x", ""),
    ],
)
def test_hits_are_marked(text: str, query: str, shown: str) -> None:
    assert str(marked(text, query)) == shown


def test_a_text_is_shown_from_shortly_before_its_first_hit() -> None:
    text = "word " * 200 + "needle"
    shown = marked(text, "needle")
    assert shown.startswith("… word ")
    assert shown.endswith(" <mark>needle</mark>")
    assert len(shown) < 160
    assert marked("x" * 900 + " needle", "needle") == "… <mark>needle</mark>"
    for query in ("", "word", "absent"):
        assert marked(text, query).striptags() == text.strip()
