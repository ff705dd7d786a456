"""The description of the API, made of the operations and their types: OpenAPI 3.1."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from user_stats.api.operations import Operation
from user_stats.errors import HTTP_STATUS
from user_stats.models import SubscriberFeature

VERSION = "1"
ABOUT = (
    "People, what they do, and the audience of the site. Keys are made by an admin, each with a scope: "
    "`read`, `record`, `report` or `admin` (which includes the others). "
    'Every refusal has the shape `{"error": {"code", "message", "field"}}`.'
)
REASONS = {
    304: "The caller has it already",
    400: "It cannot be read",
    401: "No key, or one that is not known",
    403: "The key or the person may not do this",
    404: "There is nothing of this name",
    405: "This address takes other methods",
    409: "It does not fit what is there by now",
    413: "Too large",
    415: "The body is no JSON, or compressed",
    422: "A value is not allowed",
    429: "Too many requests",
    500: "A mistake on the server, or damaged data",
    503: "The store cannot be reached at the moment",
    507: "No space is left",
}
ANY_REFUSALS = (400, 404, 422, 429, 500, 503, 507)
KEY_REFUSALS = (401, 403)
BODY_REFUSALS = (413, 415)
_REFERENCE = "#/components/schemas/{name}"


class ErrorDetail(msgspec.Struct):
    code: str
    message: str
    field: str | None


class Error(msgspec.Struct):
    """What every refusal looks like."""

    error: ErrorDetail


def document(operations: Sequence[Operation]) -> dict[str, Any]:
    """The whole document, ready to be sent as JSON."""
    kinds = [Error]
    for operation in operations:
        kinds += [kind for kind in (operation.body, operation.answer) if _is_typed(kind)]
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REFERENCE)
    by_kind = dict(zip(map(repr, kinds), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation, by_kind)
    return {
        "openapi": "3.1.0",
        "info": {"title": "user_stats", "version": VERSION, "description": ABOUT},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "query": {"type": "apiKey", "in": "query", "name": "key"},
            },
        },
    }


def _is_typed(kind: Any) -> bool:
    return kind is not None and not isinstance(kind, tuple)


def _described(operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": _identifier(operation),
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": [*_path_parameters(operation.path), *_query_parameters(operation.query)],
        "responses": _responses(operation, schemas),
    }
    if operation.body is not None:
        described["requestBody"] = {
            "required": not operation.body_is_optional,
            "content": {"application/json": {"schema": schemas[repr(operation.body)]}},
        }
    if operation.scope is not None:
        ways = ["bearer", "header", *(["query"] if operation.is_for_browsers else [])]
        described["security"] = [{way: list[str]()} for way in ways] + ([{}] if operation.key_is_optional else [])
        described["description"] = f"Key: `{operation.scope}`" + (", optional." if operation.key_is_optional else ".")
    return described


def _identifier(operation: Operation) -> str:
    words = re.findall(r"[A-Za-z0-9]+", operation.path.removeprefix("/api/v1"))
    return "_".join([operation.method.lower(), *words])


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", **_OF_PATH[name]}}
        for name in re.findall(r"{(\w+)}", path)
    ]


_OF_PATH: dict[str, dict[str, Any]] = {
    "user_id": {"format": "uuid"},
    "other_id": {"format": "uuid"},
    "playlist_id": {"format": "uuid"},
    "content_id": {"minLength": 1, "maxLength": 256, "pattern": r"^[^/\\[\]<>{}*`|]+$"},
    "feature": {"enum": [feature.value for feature in SubscriberFeature]},
    "table": {"enum": ["users", "stats", "history", "audience", "site"]},
    "instance_id": {"pattern": "^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$"},
}


def _query_parameters(kind: Any) -> list[dict[str, Any]]:
    if kind is None:
        return []
    (_,), components = msgspec.json.schema_components([kind], ref_template=_REFERENCE)
    schema = components[kind.__name__]
    parameters = []
    for name, field in schema["properties"].items():
        parameters.append({"name": name, "in": "query", "required": False, "schema": field})
    return parameters


def _responses(operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    if operation.answer is None:
        done: dict[str, Any] = {"description": "Done"}
    elif isinstance(operation.answer, tuple):
        done = {"description": "Done", "content": {media_type: {} for media_type in operation.answer}}
    else:
        done = {"description": "Done", "content": {"application/json": {"schema": schemas[repr(operation.answer)]}}}
    refusals = {*ANY_REFUSALS, *(HTTP_STATUS[code] for code in operation.refusals)}
    if operation.scope is not None:
        refusals |= {*KEY_REFUSALS}
    if operation.body is not None:
        refusals |= {*BODY_REFUSALS}
    error = {"application/json": {"schema": schemas[repr(Error)]}}
    responses = {str(operation.status): done}
    if operation.method == "GET":
        responses["304"] = {"description": REASONS[304]}
    return {
        **responses,
        **{str(status): {"description": REASONS[status], "content": error} for status in sorted(refusals)},
    }
