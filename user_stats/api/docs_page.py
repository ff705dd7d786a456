"""The description of the API as a page that people read: plain HTML, nothing loaded from anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from typing import Any

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --accent: light-dark(#1d4ed8, #93c5fd); }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
code, pre { font: 0.9em ui-monospace, monospace; overflow-wrap: anywhere; }
pre { background: var(--soft); padding: 0.6rem; border-radius: 0.4rem; overflow-x: auto; }
details { border: 1px solid var(--line); border-radius: 0.4rem; margin: 0.4rem 0; padding: 0.4rem 0.8rem; }
summary { cursor: pointer; }
summary b { display: inline-block; min-width: 4.5rem; color: var(--accent); }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.6rem 0.25rem 0; }
th, td { border-bottom: 1px solid var(--line); }
"""


def render(document: dict[str, Any]) -> str:
    info = document["info"]
    groups: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            groups.setdefault(operation["tags"][0], []).append(_operation(document, path, method, operation))
    sections = "".join(f"<h2>{escape(tag)}</h2>{''.join(rows)}" for tag, rows in groups.items())
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(info['title'])}: HTTP API</title><style>{STYLE}</style></head><body><main>"
        f"<h1>{escape(info['title'])}: HTTP API</h1><p>{_code(info['description'])}</p>"
        '<p>For programs: <a href="/api/openapi.json">openapi.json</a></p>'
        f"{sections}</main></body></html>"
    )


def _code(text: str) -> str:
    """Text with what stands between backticks as code."""
    parts = escape(text, quote=False).split("`")
    return "".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))


def _operation(document: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> str:
    parts = [f"<p>{_code(operation['summary'])}. {_code(operation.get('description', ''))}</p>"]
    rows = [_row(one["name"], one["in"], one["schema"], document) for one in operation["parameters"]]
    body = operation.get("requestBody")
    if body is not None:
        rows += list(_members(document, body["content"]["application/json"]["schema"]))
    if rows:
        parts.append(f"<table><tr><th>Name</th><th>In</th><th>What</th></tr>{''.join(rows)}</table>")
    parts.append(f"<pre>{escape(_example(document, path, method, operation))}</pre>")
    answers = ", ".join(f"{status} {escape(one['description'])}" for status, one in operation["responses"].items())
    parts.append(f"<p>Answers: {answers}</p>")
    summary = f"<b>{method.upper()}</b> <code>{escape(path)}</code> {_code(operation['summary'])}"
    return f"<details><summary>{summary}</summary>{''.join(parts)}</details>"


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def _members(document: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    body = _resolved(document, schema)
    for name, member in body.get("properties", {}).items():
        needed = "body, needed" if name in body.get("required", ()) else "body"
        yield _row(name, needed, member, document)


def _row(name: str, place: str, schema: dict[str, Any], document: dict[str, Any]) -> str:
    return (
        f"<tr><td><code>{escape(name)}</code></td><td>{escape(place)}</td>"
        f"<td>{escape(_words(_resolved(document, schema), document))}</td></tr>"
    )


def _words(schema: dict[str, Any], document: dict[str, Any]) -> str:
    """A schema in a few words."""
    if "anyOf" in schema:
        choices = [_words(_resolved(document, one), document) for one in schema["anyOf"] if one != {"type": "null"}]
        return "; ".join([*filter(None, [schema.get("description")]), " or ".join(choices)])
    words = [schema.get("format") or schema.get("type", "")]
    if "enum" in schema:
        words = [" | ".join(map(str, schema["enum"]))]
    if schema.get("type") == "array":
        words = ["list of " + _words(_resolved(document, schema["items"]), document)]
    limits = [f"{word} {schema[name]}" for name, word in _LIMITS.items() if name in schema]
    default = [f"default {schema['default']}"] if schema.get("default") is not None else []
    about = [schema["description"]] if "description" in schema and "enum" not in schema else []
    return ", ".join([*words, *limits, *default, *about])


_LIMITS = {"minimum": "from", "maximum": "to", "minLength": "at least", "maxLength": "at most", "maxItems": "at most"}


def _example(document: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> str:
    words = ["curl", *([] if method == "get" else [f"-X {method.upper()}"])]
    if any(operation.get("security", ())):
        words.append('-H "X-API-Key: $KEY"')
    body = operation.get("requestBody")
    if body is not None and body["required"]:
        words.append("-H 'Content-Type: application/json'")
        words.append(f"-d '{json.dumps(_sample(document, body['content']['application/json']['schema']))}'")
    return " ".join([*words, f"http://localhost:8501{path}"])


def _sample(document: dict[str, Any], schema: dict[str, Any]) -> Any:
    """A value that fits, with what is needed alone."""
    schema = _resolved(document, schema)
    if schema.get("type") == "object":
        return {name: _sample(document, schema["properties"][name]) for name in schema.get("required", ())}
    if schema.get("type") == "array":
        return [_sample(document, schema["items"])]
    for name in ("examples", "enum"):
        if name in schema:
            return schema[name][0]
    return {"integer": schema.get("minimum", 1), "boolean": True, "number": 1.0}.get(schema.get("type", ""), "…")
