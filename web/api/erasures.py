"""``erasures``: what a person or an account said, erased for good."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from web.actions import actor
from web.actions.erasure import Whose, count_erasable, erase
from web.api.blueprint import api
from web.api.fields import Body, Text
from web.auth import caller
from web.services import services


class NewErasure(Body):
    """Whose words to erase: name one author or one account."""

    author: Text | None = Field(default=None, description="A person's external id or e-mail.")
    account: Text | None = Field(default=None, description="An account's external id or name.")

    dry_run: bool = Field(default=False, strict=True, description="Only count what would be erased.")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if bool((self.author or "").strip()) == bool((self.account or "").strip()):
            raise ValueError("Name one author or one account")
        return self

    def whose(self) -> Whose:
        """The same, without its wrapping."""
        return Whose(author=self.author, account=self.account)


class Erasure(BaseModel):
    """How many signals were found, and how many of them were erased: none with `dry_run`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"found": 12, "erased": 12}]})

    found: int
    erased: int


@api.post("/erasures")
@api.input(NewErasure, example={"author": "ada@globex.example"})
@api.output(Erasure)
def create_erasure(json_data: NewErasure) -> Erasure:
    """Erase what a person or an account said. This cannot be undone; with `dry_run` it is only counted.

    Of each signal remain its place, its times and a deletion mark, so that it cannot come back; its words, author,
    account, earlier versions and details go, and the payloads of its events too.
    """
    who, whose = actor(caller()), json_data.whose()
    if json_data.dry_run:
        with services().database.read() as session:
            return Erasure(found=count_erasable(session, who, whose), erased=0)
    erased = erase(who, whose)
    return Erasure(found=erased, erased=erased)
