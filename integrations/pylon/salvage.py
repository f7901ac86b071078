"""What can be saved of a body that is no JSON any more, as when a customer's quotation mark broke out of the template.

Nothing of it is believed but which issue to read again; should that be another's id, another issue is read again.
"""

import re

_ID = rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_UUID = re.compile(rb"(?<![0-9a-zA-Z-])" + _ID + rb"(?![0-9a-zA-Z-])")
_NAMED = re.compile(rb'"(?:issue_id|ticket_id)"\s*:\s*"(' + _ID + rb')"')
_BOM = b"\xef\xbb\xbf"


def salvaged(payload: bytes) -> str | None:
    """The id of the issue in a broken body: the one that is called so, or the only one that there is.

    What does not begin as an object is no template's: ``timestamp.body`` could be passed off as a body, for one.
    """
    if not payload.removeprefix(_BOM).lstrip().startswith(b"{"):
        return None
    named = {found.lower() for found in _NAMED.findall(payload)}
    ids = named or {found.lower() for found in _UUID.findall(payload)}
    return ids.pop().decode() if len(ids) == 1 else None
