"""Small talk: messages that say nothing of their own, such as "thanks!". In doubt, a message says something."""

import re
import unicodedata

MOST_WORDS = 4
MOST_CHARACTERS = 40

PHRASES = frozenset(
    phrase
    for line in """
    thanks|thank you|thank you so much|thank you very much|thanks a lot|thanks so much|thanks again|many thanks|thx|thnx
    ty|tysm|tyvm|cheers|thanks team|thanks all|thanks everyone|thank you all|no problem|np|no worries|you're welcome
    youre welcome|welcome|my pleasure|anytime
    ok|okay|okey|k|kk|ok thanks|okay thanks|ok thank you|ok cool|cool|cool thanks|great|great thanks|great thank you
    perfect|perfect thanks|perfect thank you|awesome|awesome thanks|amazing|nice|lovely|super|sweet|excellent|wonderful
    fantastic|brilliant|sounds good|sounds great|looks good|looks great|lgtm|all good|got it|got it thanks|gotcha
    understood|noted|will do|on it|sure|sure thing|of course|makes sense|good point|fair enough|haha|hahaha|lol|hehe
    wow|yay|woohoo|congrats|congratulations|well done|good job|great job|nice work|great work
    hi|hello|hey|hi all|hi team|hello all|hello everyone|hey all|hey team|hi everyone|good morning|morning
    good afternoon|good evening|bye|goodbye|see you|have a nice day|have a great day|have a good weekend|good night|gm
    +1|++|^|^^
    danke|danke schön|danke schoen|dankeschön|danke dir|vielen dank|besten dank|herzlichen dank|merci vielmals
    alles klar|passt|gerne|gern geschehen|super danke|perfekt|prima|hallo|guten morgen|moin|tschüss
    merci|merci beaucoup|merci bien|mille mercis|d'accord|dac|parfait|super merci|ok merci|de rien|bonjour
    bonsoir|salut|bonne journée|génial
    gracias|muchas gracias|mil gracias|de nada|vale|vale gracias|perfecto|genial|claro|de acuerdo|hola
    buenos días|buenas tardes|ok gracias
    obrigado|obrigada|muito obrigado|muito obrigada|valeu|de nada|beleza|perfeito|olá|oi|bom dia|boa tarde
    grazie|grazie mille|prego|perfetto|va bene|ciao|buongiorno|d'accordo
    bedankt|dank je|dank je wel|dankjewel|dank u|dank u wel|hartelijk dank|graag gedaan|prima|top|goedemorgen
    tack|tack så mycket|tusen tack|takk|tusen takk|mange tak|tak|kiitos|paljon kiitoksia|varsågod|hej
    dzięki|dziękuję|dzieki|dziekuje|super dzięki|díky|děkuji|ďakujem|köszönöm|köszi|mulțumesc|multumesc|hvala
    спасибо|большое спасибо|спасибо большое|понял|поняла|хорошо|ок|дякую|отлично
    teşekkürler|tesekkurler|teşekkür ederim|tamam|sağol|ευχαριστώ|תודה|תודה רבה|شكرا|شكراً|شكرا جزيلا
    धन्यवाद|शुक्रिया|terima kasih|makasih|salamat|cảm ơn|ขอบคุณ|ขอบคุณครับ|ขอบคุณค่ะ
    ありがとう|ありがとうございます|ありがとうございました|了解|了解です|了解しました|承知しました|お疲れ様です|よろしくお願いします
    谢谢|谢谢你|多谢|好的|好|收到|謝謝|感謝|감사합니다|고마워요|고맙습니다|알겠습니다
    """.splitlines()
    for phrase in line.strip().split("|")
    if phrase
)
"""Whole messages. Yes, no and "same here" are not among them: they answer something, or say how common it is."""

_MENTION = re.compile(r"@[a-z0-9._-]{1,80}")
_SAYS_MORE = re.compile(r"[?？؟;՞]|\d|https?://|`", re.ASCII)
_EDGES = re.compile(r"[\s!¡.,…:;~*_()\"'«»„“”‘’。！、，~〜-]+")
_ELONGATED = re.compile(r"(\w)\1{2,}")
_KEPT = frozenset({"+1", "++", "^", "^^"})


def is_small_talk(text: str) -> bool:
    """Whether a message says nothing of its own. Never for a question, a number, a link, code, or more than a few
    words; ``text`` is readable, not markup, and its emoji are characters.
    """
    if len(text) > MOST_CHARACTERS * 3:
        return False
    words = _MENTION.sub(" ", text.casefold()).strip()
    bare = _without_emoji(words).strip()
    if bare in _KEPT or not bare:
        return bool(words) or bool(text.strip())
    if _SAYS_MORE.search(bare) or len(bare) > MOST_CHARACTERS:
        return False
    said = " ".join(_EDGES.sub(" ", bare).split())
    if len(said.split()) > MOST_WORDS:
        return False
    return not said or said in _PLAIN or _ELONGATED.sub(r"\1", said) in _PLAIN


def _without_emoji(text: str) -> str:
    """Symbols, their colours and joints, left out."""
    return "".join(each for each in text if not _is_emoji(each))


def _is_emoji(character: str) -> bool:
    return unicodedata.category(character) == "So" or character in _JOINTS


_JOINTS = frozenset("\ufe0f\u200d\u20e3\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")
_PLAIN = frozenset(" ".join(_EDGES.sub(" ", phrase.casefold()).split()) for phrase in PHRASES) - {""}
"""The phrases as messages are compared."""
