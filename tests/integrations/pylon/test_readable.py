"""HTML as text: what a person sees, however hostile the markup."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.pylon.readable import MAX_CHARACTERS, readable, readable_if_markup


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("http://a.example/file.html", "http://a.example/file.html"),
        ("<p>One</p><p>Two</p>", "One\nTwo"),
        ("<p>One</p>\n  <p>Two</p>\n", "One\nTwo"),
        ("One<br>two<br/>three", "One\ntwo\nthree"),
        ("<p>One<br></p><p><br></p><p>Two</p>", "One\n\nTwo"),
        ("<br>" * 9 + "a" + "<br>" * 9 + "b", "a\n\nb"),
        ("<div><div>a <b>bold</b>  word\n again</div></div>", "a bold word again"),
        ("<ul><li>One</li><li><p>Two</p></li></ul>after", "- One\n- Two\nafter"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ('<a href="https://a.example/?x=1&amp;y=2">here</a>', "here (https://a.example/?x=1&y=2)"),
        ("<A TITLE='a > b' HREF=http://a.example>here</A>", "here (http://a.example)"),
        ('<a href="https://a.example">https://a.example</a>', "https://a.example"),
        ('see <a href="https://a.example"><img src="x"></a>', "see https://a.example"),
        ('<a href="javascript:alert(1)">x</a> <a href="data:,x">y</a> <a data-href="http://z">z</a>', "x y z"),
        ("fish &amp; chips &lt;3 &eacute;&#233;&nbsp;!", "fish & chips <3 éé !"),
        ("a<script>evil()</script>b<style>p{}</style>c<!-- d -->e<![CDATA[f]]>", "abce"),
        ("if a < b and b > c", "if a < b and b > c"),
        ("<?xml version='1.0'?><!DOCTYPE html><p>x</p>", "x"),
        ("a\x00b &#0; c", "ab \N{REPLACEMENT CHARACTER} c"),
        ("never <b>closed", "never closed"),
        ("</p>never <p/>opened</div></body>", "never\nopened"),
    ],
)
def test_readable(markup: str, text: str) -> None:
    assert readable(markup) == text


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("if a < b then c > d", "if a < b then c > d"),
        ("List<String> &amp; co", "List<String> &amp; co"),
        ("two\n\nlines", "two\n\nlines"),
        ("<p>It is <b>HTML</b></p>", "It is HTML"),
        ("one<br/>two", "one\ntwo"),
    ],
)
def test_a_text_of_unknown_kind(text: str, read: str) -> None:
    assert readable_if_markup(text) == read


@pytest.mark.parametrize(
    "unit",
    ["<div>", "<b></i>", "<a href=http://a>", "<!--", "<![x ", "<!", "<?", "</", "<a ", "<a b='", "<a b='>",
     "'<a b=\">", "<title>", "<textarea></p b='", "<script>", "&#", "&#9", "&", "<", "\x00", "<li>x"],
)  # fmt: skip
def test_size_is_no_weapon(unit: str) -> None:
    """Ten times the size may take ten times the time, never a hundred; Python's parser alone takes minutes."""
    began = time.process_time()
    readable(unit * (MAX_CHARACTERS // len(unit)) + "'\">")

    assert time.process_time() - began < 10


def test_numbers_too_long_for_python() -> None:
    assert readable("<p>a &#" + "9" * 5000 + "; b</p>") == "a \N{REPLACEMENT CHARACTER} b"
    assert readable("<a href='http://a.example/&#x" + "f" * 5000 + "'>a</a>").startswith("a (")


def test_what_is_beyond_the_limit_is_cut_off() -> None:
    assert len(readable("x" * (MAX_CHARACTERS + 10))) == MAX_CHARACTERS


FRAGMENTS = ["<p>", "</p>", "<a href='http://x'>", "</a>", "<br>", "<", ">", "'", '"', "&", "&#", "x", ";", "<!--",
             "-->", "<script>", "</script>", "<li>", " ", "\n", "\x00", "\ud800", "é"]  # fmt: skip


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join) | st.text(max_size=200))
@settings(deadline=None, max_examples=100)
def test_it_always_reads_something_storable(markup: str) -> None:
    for text in (readable(markup), readable_if_markup(markup)):
        assert "\x00" not in text
        assert text == text.strip()
        assert text.encode().decode() == text
