"""JSON Schemas of the wire models. They also express what pydantic's own schemas leave out."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from exchange.contract.base import MAX_INTEGER
from exchange.contract.enhancements import Enhancement
from exchange.contract.queries import list_parameters
from exchange.contract.robots import LinkedRobotError
from functions.http.descriptions import RESULT_ENTRY

_REFS = "#/components/schemas/{model}"

UUID4 = {
    "type": "string",
    "format": "uuid4",
    "pattern": "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$",
}


class _ExactSchema(GenerateJsonSchema):
    """Adds the version of UUIDs and the range of integers."""

    def uuid_schema(self, schema: core_schema.UuidSchema) -> JsonSchemaValue:  # noqa: ARG002 - all are of version 4
        return {**UUID4}

    def int_schema(self, schema: core_schema.IntSchema) -> JsonSchemaValue:
        return {"minimum": -MAX_INTEGER, "maximum": MAX_INTEGER, **super().int_schema(schema)}


def ref(model: type[BaseModel]) -> dict[str, Any]:
    """Return a reference to the schema of a model."""
    return {"$ref": _REFS.format(model=model.__name__)}


def make_schemas(models: Iterable[type[BaseModel]], examples: Mapping[str, list[Any]]) -> dict[str, Any]:
    """Return the schemas of these models, of all models that they contain, and of a result entry, by name."""
    named: set[type[BaseModel]] = {*models, Enhancement, LinkedRobotError}
    wanted: list[tuple[type[BaseModel], Literal["validation"]]] = [(model, "validation") for model in named]
    wanted.sort(key=lambda item: item[0].__name__)
    _, schema = models_json_schema(wanted, ref_template=_REFS, schema_generator=_ExactSchema)
    schemas: dict[str, Any] = {**schema["$defs"], "BatchEnhancementResultEntry": _make_entry_schema()}
    for name, values in examples.items():
        schemas[name] = {**schemas[name], "examples": values}
    return dict(sorted(schemas.items()))


def make_parameters(query: type[BaseModel], examples: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the fields of a query's model as parameters."""
    schema = query.model_json_schema(ref_template=_REFS, schema_generator=_ExactSchema)
    for name in list_parameters(query):
        field = schema["properties"][name]
        # A query can omit a field, but it cannot express null.
        (value_schema,) = (choice for choice in field.get("anyOf", [field]) if choice != {"type": "null"})
        parameter = {"name": name, "in": "query", "required": name in schema.get("required", [])}
        if "description" in field:
            parameter["description"] = field["description"]
        if name in examples:
            parameter["example"] = examples[name]
        yield {**parameter, "schema": {key: value for key, value in value_schema.items() if key != "description"}}


def _make_entry_schema() -> dict[str, Any]:
    """Return the schema of `BatchEnhancementResultEntry`, which is a union that no model represents."""
    robot_error = {**ref(LinkedRobotError), "properties": {"content": {"type": "null"}}}
    return {"description": RESULT_ENTRY, "anyOf": [ref(Enhancement), robot_error]}
