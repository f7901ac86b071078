import pytest

from web.next_page import next_page

EVIL = [
    "//evil.example", "/\\evil.example", "\\/evil.example", "https://evil.example", "javascript:alert(1)",
    "/\t/evil.example", "/\n/evil.example", "evil.example", "///evil.example", "/ü", "/" + "a" * 2000,
    "/ /evil.example", "",
]  # fmt: skip


@pytest.mark.parametrize("page", [*EVIL, None])
def test_what_could_lead_to_another_site_leads_home(page: str | None) -> None:
    assert next_page(page) == "/"


@pytest.mark.parametrize(
    "page", ["/", "/signals", "/signals?q=a%20b&since=x", "/invitations/a_b-c", "/a//b?u=https://x"]
)
def test_pages_of_ours_are_kept(page: str) -> None:
    assert next_page(page) == page
