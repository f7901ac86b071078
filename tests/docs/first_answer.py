"""The guide's last step, run in a copy of the tree: connect Parrot through the API and send its first answer."""

import hashlib
import hmac
import json
import sys
from pathlib import Path
from urllib.parse import urlsplit

from app import Parts, create_app
from core.settings import load_settings
from db.migrate import upgrade
from oauth.bootstrap import bootstrap

SECRET = "what Parrot shows"


def main() -> None:
    """Prints the status of an unsigned and of a signed answer, and the signal."""
    parts = Parts(load_settings())
    upgrade(parts.database)
    web = create_app(parts=parts).test_client()
    made = bootstrap(
        parts.database, parts.digester, name="Acme", email="ada@acme.example", now=parts.clock(), public_url=""
    )
    admin = {"Authorization": f"Bearer {made.api_token}"}
    wanted = {"platform": "parrot", "name": "Surveys", "webhook_secret": SECRET}
    path = urlsplit(web.post("/api/v1/integrations", json=wanted, headers=admin).get_json()["webhook_url"]).path
    case = json.loads(Path("integrations/parrot/cases/answer_created.json").read_text(encoding="utf-8"))
    body = json.dumps(case["request"]["body"]).encode()
    tell(web.post(path, data=body).status_code)
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    tell(web.post(path, data=body, headers={"X-Parrot-Signature": signature}).status_code)
    parts.steps[0].run()
    (signal,) = web.get("/api/v1/signals", headers=admin).get_json()["items"]
    tell(f"{signal['source']}: {signal['verbatim']} ({signal['author']['name']}, {signal['account']['name']})")


def tell(line: object) -> None:
    """One line for whoever started us."""
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
