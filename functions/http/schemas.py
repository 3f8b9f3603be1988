"""The models of the wire as JSON Schema, exact: it says what pydantic checks and what the store can hold."""

from collections.abc import Iterable, Iterator
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from exchange.contract.base import MAX_INTEGER

_REFS = "#/components/schemas/{model}"

UUID4 = {
    "type": "string",
    "format": "uuid4",
    "pattern": "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$",
}


class _Exact(GenerateJsonSchema):
    """Adds what pydantic's own schema leaves out."""

    def uuid_schema(self, schema: core_schema.UuidSchema) -> JsonSchemaValue:  # noqa: ARG002 - all are of version 4
        return {**UUID4}

    def int_schema(self, schema: core_schema.IntSchema) -> JsonSchemaValue:
        return {"minimum": -MAX_INTEGER, "maximum": MAX_INTEGER, **super().int_schema(schema)}


def ref(model: type[BaseModel]) -> dict[str, Any]:
    """Point to the schema of a model."""
    return {"$ref": _REFS.format(model=model.__name__)}


def schemas_of(models: Iterable[type[BaseModel]]) -> dict[str, Any]:
    """Return the schemas of these models, and of all that they are made of, by their names."""
    wanted: list[tuple[type[BaseModel], Literal["validation"]]] = [(model, "validation") for model in models]
    wanted.sort(key=lambda item: item[0].__name__)
    _, schema = models_json_schema(wanted, ref_template=_REFS, schema_generator=_Exact)
    found: dict[str, Any] = schema["$defs"]
    return found


def parameters_of(query: type[BaseModel]) -> Iterator[dict[str, Any]]:
    """Give the fields of the model of a query as parameters."""
    schema = query.model_json_schema(ref_template=_REFS, schema_generator=_Exact)
    for name, of in schema["properties"].items():
        # A query can leave a field out, but has no word for null.
        (sent,) = (choice for choice in of.get("anyOf", [of]) if choice != {"type": "null"})
        yield {"name": name, "in": "query", "required": name in schema.get("required", []), "schema": sent}
