# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What request bodies may hold: unknown names, wrong types and read-only properties are refused."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError

from emulator.call import Body, Call
from emulator.graph.errors import GraphError, bad_request

MOST_PERMISSIONS = 400
_BOOLEANS = {"true": True, "false": False}


@cache
def _documents() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(files("emulator.graph").joinpath("bodies.yaml").read_text("utf-8"))
    return loaded


@cache
def _validator(type_name: str) -> Draft202012Validator:
    documents = _documents()
    return Draft202012Validator({**documents["types"][type_name], "$defs": documents["$defs"]})


def read_body(
    call: Call,
    type_name: str,
    *,
    required: Iterable[str] = (),
    fixed: Iterable[str] = (),
    own_id: str = "",
    of_mailbox: bool = False,
) -> Body:
    """The checked body without OData annotations (see `bound_owners`); `fixed` names cannot be set by this call.

    `own_id`: of the addressed object, which the body may repeat. `of_mailbox`: Exchange reads it, not the directory.
    """
    schema = _documents()["types"][type_name]
    body: Body = _in_any_case(call.json(), schema) if of_mailbox else call.json()
    body = _cleaned(body, schema, of_mailbox)
    if own_id and str(body.get("id", "")).lower() == own_id:
        del body["id"]
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


def _in_any_case(body: Body, schema: Any) -> Body:
    """Parameters of an action come in any case: Microsoft's own SDKs write `Message`."""
    known = {name.lower(): name for name in schema["properties"]}
    return {known.get(name.lower(), name): value for name, value in body.items()}


def _cleaned(value: Any, schema: Any, of_mailbox: bool) -> Any:
    """Without annotations, which SDKs write into nested objects too; but for types that a schema asks for.

    Mailboxes take booleans and numbers also as texts (examples of user-sendmail and calendar-getschedule; python-o365).
    """
    if "$ref" in schema:
        *_unused, name = schema["$ref"].split("/")
        schema = _documents()["$defs"].get(name, {})
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        return {
            name: _cleaned(item, properties.get(name, {}), of_mailbox)
            for name, item in value.items()
            if "@odata." not in name or name in properties
        }
    if isinstance(value, list):
        return [_cleaned(item, schema.get("items", {}), of_mailbox) for item in value]
    if of_mailbox and isinstance(value, str) and "boolean" in schema.get("type", ()) and value.lower() in _BOOLEANS:
        return _BOOLEANS[value.lower()]
    if of_mailbox and isinstance(value, str) and "integer" in schema.get("type", ()) and value.isdecimal():
        return int(value)
    return value


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
