"""Small talk, in several languages, and what must never be taken for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.small_talk import is_small_talk


def several(lines: str) -> list[str]:
    return [text for line in lines.strip().splitlines() for text in line.split("|")]


SMALL_TALK = several("""
thanks!|Thanks|THANK YOU!!!|thank you so much|ty|thx :)|ok|OK.|okay, thanks|👍|👍🏽|🎉🎉
+1|lgtm|cheers|Thanks 🙏|thank youuuu|@gus thanks|@U012 thank you!|got it
perfect, thanks!|you're welcome|no worries|hello|good morning|…|!!!
Danke!|Danke schön :)|vielen Dank|alles klar|merci !|Merci beaucoup|gracias|¡Muchas gracias!|de nada
obrigada|grazie mille|bedankt|tack så mycket|kiitos|dzięki!|děkuji|спасибо|дякую|teşekkürler|תודה|شكرا
धन्यवाद|ありがとう|ありがとうございます！|了解です|谢谢|好的|감사합니다|cảm ơn|ขอบคุณ
""")

WORDS = several("""
thanks?|ok?|is it down|it broke|still broken|no|yes|yes please|nein|same here|me too|same|done 5|10|2x slower
v2|thanks, it works now|ok but it fails|https://a.example|thanks https://a.example|`ok`|thanks for nothing
great, another outage|not ok|hmm|what|help|urgent|cancel|cancel it|hello world app is down
thank you but we are leaving|perfect storm|ok, go ahead and break it|export|rows missing|@gus broken
danke, aber es geht nicht|merci mais non|谢谢但是不行|ありがとう、でも動きません|了解できません|🔥 down
👍 but slow|明日は？|¿ok?|@gusだめです
""")


@pytest.mark.parametrize("text", SMALL_TALK)
def test_small_talk(text: str) -> None:
    assert is_small_talk(text)


@pytest.mark.parametrize("text", WORDS)
def test_whatever_says_something_is_kept_in_sight(text: str) -> None:
    assert not is_small_talk(text)


@given(st.text(max_size=300))
def test_it_is_total_and_careful(text: str) -> None:
    told = is_small_talk(text)
    assert not (told and ("?" in text or any(each in "0123456789" for each in text)) and "@" not in text)
