# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What request bodies may hold: unknown names, wrong types and read-only properties are refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError

from emulator.call import Body, Call
from emulator.graph.errors import GraphError, bad_request

MOST_PERMISSIONS = 400


@cache
def _documents() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(files("emulator.graph").joinpath("bodies.yaml").read_text("utf-8"))
    return loaded


@cache
def _validator(type_name: str) -> Draft202012Validator:
    documents = _documents()
    return Draft202012Validator({**documents["types"][type_name], "$defs": documents["$defs"]})


def as_exchange_reads(type_name: str, body: Body) -> Body:
    """Mailboxes are not the directory: parameters of an action come in any case (Microsoft's own SDKs write `Message`),
    booleans and numbers also as texts (examples of user-sendmail and calendar-getschedule; python-o365)."""
    known = {name.lower(): name for name in _documents()["types"][type_name]["properties"]}
    named = {known.get(name.lower(), name): value for name, value in body.items()}
    read: Body = _out_of_texts(named, _documents()["types"][type_name])
    return read


def _out_of_texts(value: Any, schema: Any) -> Any:
    if "$ref" in schema:
        *_unused, name = schema["$ref"].split("/")
        schema = _documents()["$defs"].get(name, {})
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        return {name: _out_of_texts(item, properties.get(name, {})) for name, item in value.items()}
    if isinstance(value, list):
        return [_out_of_texts(item, schema.get("items", {})) for item in value]
    if isinstance(value, str) and "boolean" in schema.get("type", ()) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if isinstance(value, str) and "integer" in schema.get("type", ()) and value.isdecimal():
        return int(value)
    return value


def read_body(
    call: Call,
    type_name: str,
    *,
    required: Iterable[str] = (),
    fixed: Iterable[str] = (),
    prepare: Callable[[str, Body], Body] = lambda _type, body: body,
) -> Body:
    """The checked body without OData annotations (see `bound_owners`); `fixed` names cannot be set by this call."""
    body = prepare(type_name, {name: value for name, value in call.json().items() if "@odata." not in name})
    for name in fixed:
        if name in body:
            raise _read_only(name)
    error = next(iter(sorted(_validator(type_name).iter_errors(body), key=lambda item: len(item.path))), None)
    if error is not None:
        raise _refusal(type_name, body, error)
    for name in required:
        if body.get(name) is None:
            raise bad_request(f"A value is required for property '{name}' of resource '{_title(type_name)}'.")
    _check_permissions(body)
    return body


def _refusal(type_name: str, body: Body, error: ValidationError) -> GraphError:
    known = _documents()["types"][type_name]
    if error.validator == "additionalProperties" and not error.path:
        unknown = next(name for name in body if name not in known["properties"])
        if unknown in known.get("readOnly", ()):
            return _read_only(unknown)
        return bad_request(f"Invalid property '{unknown}'.")
    name = error.path[0] if error.path else type_name
    return bad_request(f"Invalid value specified for property '{name}' of resource '{_title(type_name)}'.")


def _read_only(name: str) -> GraphError:
    return bad_request(f"Property '{name}' is read-only and cannot be set.")


def _title(type_name: str) -> str:
    return type_name[0].upper() + type_name[1:]


def _check_permissions(body: Body) -> None:
    """Documented limit: 400 permissions over all APIs (requiredResourceAccess resource type)."""
    entries = body.get("requiredResourceAccess") or ()
    if sum(len(entry["resourceAccess"]) for entry in entries) > MOST_PERMISSIONS:
        raise bad_request("Property 'requiredResourceAccess' holds more than 400 permissions.")


def bound_owners(call: Call) -> list[str]:
    links = call.json().get("owners@odata.bind", [])
    if not isinstance(links, list):
        raise bad_request("Invalid value specified for property 'owners' of resource 'Application'.")
    return [reference_id(link) for link in links]


def reference_id(link: Any) -> str:
    """The object id at the end of a link like `https://graph.microsoft.com/v1.0/directoryObjects/{id}`."""
    if not isinstance(link, str) or "/" not in link:
        raise bad_request("Invalid URL format specified in payload.")
    return link.rstrip("/").rpartition("/")[2].lower()
