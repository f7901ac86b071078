"""Examples in the OpenAPI document: each answer shows its object, and each list shows a page of its objects."""

from typing import Any, TypeAlias

Spec: TypeAlias = dict[str, Any]


def show_examples(operation: Spec, schemas: Spec) -> None:
    """Puts an example beside every schema that the operation answers with and that knows of one."""
    for response in operation["responses"].values():
        for content in response.get("content", {}).values():
            if "example" not in content and (example := example_of(content["schema"], schemas)) is not None:
                content["example"] = example


def example_of(schema: Spec, schemas: Spec) -> Any:
    """What a reference's definition shows of itself; of a list, a page of one such object. None if there is none."""
    definition = schemas.get(schema.get("$ref", "").rpartition("/")[2], {})
    if definition.get("examples"):
        return definition["examples"][0]
    fields = definition.get("properties", {})
    item = example_of(fields["items"].get("items", {}), schemas) if "items" in fields else None
    if item is None:
        return None
    return {"items": [item]} | ({"next_cursor": None} if "next_cursor" in fields else {})
