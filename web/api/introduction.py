"""What holds for every operation of the API, told once: the description of its OpenAPI document (CommonMark)."""

INTRODUCTION = """Customers' words from Slack, Pylon and webhooks, as one stream of signals.

**Tokens.** Send `Authorization: Bearer sbx_…`. A token is of one workspace, and acts for the member who made it, with
the scope `read`, `write` or `admin`, each of which includes those before it. It may end at a time of your choosing.

**Lists** come in pages: `{"items": […], "next_cursor": …}`. Send `next_cursor` back as `cursor` until it is null. Pages
neither repeat nor skip anything while new things come in. `limit` is 50 unless you choose otherwise, and 200 at most.

**Repeats.** A POST with an `Idempotency-Key` can be sent again after a broken connection: it is done only once.

**Changes by several people.** What can be changed has an `ETag`. Send it back as `If-Match` with a PATCH, and nobody's
change is overwritten; send it as `If-None-Match` with a GET, and what you have already is not sent again.

**Limits.** Every answer to a known token says in `RateLimit` how many requests are left; 429 and 503 say in
`Retry-After` when to come again.

**Following along.** `GET /api/v1/signals/stream` tells of signals as they come, change and go.

**Times** are RFC 3339 in UTC. **Errors** are `application/problem+json` (RFC 9457); their `code` stays what it is."""
