"""What a search makes of texts and of queries, hostile ones included."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.search_hits import highlight
from core.search_text import MOST_TERMS, MOST_TOKENS, Query, Term, index_tokens, parse_query, tokens


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The export, again!", "the export again"),
        ("e-mail my_time v2.1", "e mail my time v2 1"),
        ("Crème BRÛLÉE cafe\u0301", "creme brulee cafe"),
        ("Straße ﬁne ＡＢＣ Łódź", "strasse fine abc lodz"),
        ("Ένα Ёлка", "ενα елка"),
        ("東京都", "東京 京都 都"),
        ("猫", "猫"),
        ("iPhoneの画面", "iphone の画 画面 面"),
        ("ｶﾞﾗｽ", "ガラ ラス ス"),
        ("한국어 좋아", "한국 국어 어 좋아 아"),
        ("สวัสดี", "สวั วัส สดี ดี"),
        ("हिन्दी शब्द", "हिन्दी शब्द"),
        ("…!? 🎉", ""),
    ],
)
def test_tokens(text: str, found: str) -> None:
    assert [token.text for token in tokens(text)] == found.split()


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        ("export fails", [Term(("export",)), Term(("fails",))]),
        ("export export", [Term(("export",))]),
        ("exp*", [Term(("exp",), is_prefix=True)]),
        ('"times out"', [Term(("times", "out"))]),
        ("“times out”", [Term(("times", "out"))]),
        ('"times ou"*', [Term(("times", "ou"), is_prefix=True)]),
        ("-slow", [Term(("slow",), is_excluded=True)]),
        ('-"times out"', [Term(("times", "out"), is_excluded=True)]),
        ("e-mail", [Term(("e", "mail"))]),
        ("東京", [Term(("東京",))]),
        ("東京都", [Term(("東京", "京都"))]),
        ("猫", [Term(("猫",), is_prefix=True)]),
        ('"子猫 B"', [Term(("子猫", "猫", "b"))]),
        ('open "quote to the end', [Term(("open",)), Term(("quote", "to", "the", "end"))]),
        ("a AND b", [Term(("a",)), Term(("and",)), Term(("b",))]),
        ("NEAR(a", [Term(("near", "a"))]),
        ("words:x", [Term(("words", "x"))]),
    ],
)
def test_queries(query: str, terms: list[Term]) -> None:
    assert parse_query(query) == Query(tuple(terms))


@pytest.mark.parametrize("query", ["", " ", "-", "--", '"', '""', '"""', "*", "-*", "%", "'", "\0", "()", "·", "¤"])
def test_a_query_of_punctuation_has_no_terms(query: str) -> None:
    assert parse_query(query).terms == ()


def test_what_is_too_long_is_cut() -> None:
    assert len(parse_query(" ".join(f"w{number}" for number in range(5_000))).terms) == MOST_TERMS
    assert len(parse_query("x" * 10_000).terms[0].tokens[0]) == 64
    assert len(index_tokens(["a b " * 100_000])) == MOST_TOKENS
    assert len("".join(index_tokens([f"{'ﷺ' * 9} {number}" for number in range(9_000)])).encode()) < 1_000_000


_MIXED = st.text(st.sampled_from("aB9_. \t\n-é\u0301½ﬁ京都の한🎉…ｶﾞ") | st.characters())


@given(_MIXED)
def test_reading_a_text_in_stretches_finds_what_reading_it_whole_does(text: str) -> None:
    """Behind a blank that is not ASCII nothing is cut."""
    assert tokens(text) == tokens(text.translate(dict.fromkeys(map(ord, " \t\r\n"), "\u2003")))


_WORDS = st.lists(
    st.sampled_from(
        [
            "a",
            "ab",
            "B1",
            "x" * 64,
            "x" * 70,
            "-",
            " ",
            "\n",
            '"',
            "*",
            "'",
            "e\u0301",
            "画",
            "面",
            "の",
            "ガ",
            "한",
            "、",
            "…",
            "ｶﾞ",
            "1",
        ]
    )
)


@given(_WORDS.map("".join), _WORDS.map("".join))
def test_hits_in_plain_texts_are_those_of_any_text(text: str, query: str) -> None:
    """Behind a blank that is not ASCII tokens are compared."""
    other = [(piece.replace("\u2003", " "), hit) for piece, hit in highlight("\u2003" + text, query)]
    assert other == highlight(" " + text, query)


@given(st.text(), st.text())
def test_nothing_that_is_typed_raises_and_highlights_lose_nothing(text: str, query: str) -> None:
    assert "".join(piece for piece, _ in highlight(text, query)) == text
    for term in parse_query(query).terms:
        assert all(token and not set(token) & set(" '\"\\*:()·¤") for token in term.tokens)


@given(st.text(alphabet="ab 東京都ガｶﾞé-"))
def test_a_text_is_found_by_any_of_its_words(text: str) -> None:
    for token in tokens(text):
        assert any(matched for _, matched in highlight(text, text[token.start : token.end]))


@pytest.mark.parametrize(
    ("text", "query", "matched"),
    [
        ("The Export times out", "export -out", ["Export"]),
        ("Exporting exports", "export*", ["Exporting", "exports"]),
        ("It times out, times flies", '"times out"', ["times out"]),
        ("Crème brûlée", "creme", ["Crème"]),
        ("東京都に住む", "京都", ["京都"]),
        ("子猫だ", "猫", ["猫"]),
        ("東京都", "東京 京都", ["東京都"]),
        ("ＡＢＣ ｶﾞﾗｽ", "abc ガラス", ["ＡＢＣ", "ｶﾞﾗｽ"]),
        ("nothing", "else", []),
    ],
)
def test_highlights(text: str, query: str, matched: list[str]) -> None:
    assert [piece for piece, is_match in highlight(text, query) if is_match] == matched
