"""Who may have a record, as editors write it and are told it. Whether named peers are approved is the journal's matter."""

from typing import Annotated

from pydantic import BeforeValidator, TypeAdapter, ValidationError, WithJsonSchema

from weft.journal.wishes import Wish
from weft.problems import Invalid
from weft.protocol import names
from weft.protocol.refusals import Refusal


def _audience(given: object) -> tuple[str, ...]:
    if given in (names.LOCAL, names.NETWORK):
        return (str(given),)
    if not isinstance(given, list) or not 0 < len(given) <= 100 or not all(isinstance(name, str) for name in given):
        raise ValueError("must be 'local', 'network', or a list of peers' names such as [\"eca\"]")
    try:
        return tuple(sorted({names.node(name) for name in given}))
    except Refusal as error:
        raise ValueError(error.why) from None


Audience = Annotated[
    tuple[str, ...],
    BeforeValidator(_audience),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "enum": [names.LOCAL, names.NETWORK]},
                {
                    "type": "array",
                    "items": {"type": "string", "pattern": f"^{names.NAME}$"},
                    "minItems": 1,
                    "maxItems": 100,
                },
            ]
        }
    ),
]
_audiences: TypeAdapter[tuple[str, ...]] = TypeAdapter(Audience)


def asked(given: list[str]) -> tuple[str, ...]:
    """The audience in query parameters: `audience=network`, `audience=local`, or one for each peer.

    Raises:
        Invalid: it is none.
    """
    try:
        alone = given[0] if given in ([names.LOCAL], [names.NETWORK]) else given
        return _audiences.validate_python(alone)
    except ValidationError as error:
        why = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise Invalid(f"audience: {why}", fields=[{"field": "audience", "where": "query", "why": why}]) from None


def told(kept: str) -> dict[str, object]:
    """Who is to have a record, as an editor would write it, and from when on if that has yet to come."""
    wish = Wish.parse(kept)
    alone = wish.audience in {(names.LOCAL,), (names.NETWORK,)}
    from_when = {"public_from": wish.public_from} if wish.public_from else {}
    return {"audience": wish.audience[0] if alone else wish.audience, **from_when}
