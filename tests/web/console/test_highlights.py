import pytest

from web.console.highlights import excerpt, marked


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


def test_an_excerpt_begins_shortly_before_the_hit() -> None:
    text = "word " * 200 + "needle"
    assert excerpt(text, "needle").endswith("needle")
    assert len(excerpt(text, "needle")) < 140
    assert excerpt("x" * 900 + " needle", "needle") == "… needle"
    for query in ("", "word", "absent"):
        assert excerpt(text, query) == text
