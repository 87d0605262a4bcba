# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Are requests to Microsoft Graph, and the answers to them, what its OpenAPI description allows?

The description is a subset of the published one (README.md); `graph-supplement.yaml` adds the few paths that it lacks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import zip_longest
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote

import yaml
from jsonschema import Draft202012Validator
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse
from openapi_core.validation.schemas.exceptions import InvalidSchemaValue

from contract.recordings import recorded

Json = dict[str, Any]

HERE = Path(__file__).parent
SERVER = "https://graph.microsoft.com"
ANSWER_HEADERS = ("request-id", "client-request-id", "date", "x-ms-resource-unit")

# Doubled slashes and the alias of the own tenant are accepted by Graph and unknown to its description.
_ALIAS = re.compile(r"^/+v1\.0/+(myorganization/+)?")
# `users('key')` is `users/key`.
_KEY = re.compile(r"\('([^'/]*)'\)")
_NAMESPACE = re.compile(r"/microsoft\.graph\.(?=\w+Password$)")
_METHODS = ("get", "post", "patch", "delete")


class GraphContract:
    def check(self, exchange: Mapping[str, Any], *, answer_only: bool = False) -> list[str]:
        """Violations of one entry of the emulator's request log, recorded with bodies."""
        template, exchange = self._template(exchange), self._described(exchange)
        found = [] if answer_only else list(self._request_violations(exchange, template))
        # What a fault answers keeps no contract.
        if not exchange.get("fault"):
            found += self._violations_of_answer(exchange)
        place = f"{exchange['method']} {exchange['path']} -> {exchange['status']}"
        return [f"{place}: {violation}" for violation in found]

    # --- the description --------------------------------------------------------------------------------------------

    @cached_property
    def _document(self) -> Json:
        document = _load(HERE / "graph-v1.0-subset.yaml")
        supplement = _load(HERE / "graph-supplement.yaml")
        document["paths"].update(supplement["paths"])
        document["components"]["schemas"].update(supplement["components"]["schemas"])
        return document

    @cached_property
    def _openapi(self) -> OpenAPI:
        return OpenAPI.from_dict(self._document)

    @cached_property
    def _templates(self) -> list[tuple[re.Pattern[str], str]]:
        """Fewest placeholders first: the most exact template wins."""
        templates = sorted(self._document["paths"], key=lambda path: path.count("{"))
        return [(_template_pattern(path), path) for path in templates]

    @cached_property
    def _error_validator(self) -> Draft202012Validator:
        components = {"schemas": self._document["components"]["schemas"]}
        reference = "#/components/schemas/microsoft.graph.ODataErrors.ODataError"
        return Draft202012Validator({"$ref": reference, "components": components})

    @cached_property
    def _recorded_names(self) -> set[str]:
        """The subset was pruned: what a recorded body carries exists as well."""
        return {name for number in ("01", "03") for name in recorded(number)["body"]}

    def _template(self, exchange: Mapping[str, Any]) -> str | None:
        path = _path(exchange)
        return next((template for pattern, template in self._templates if pattern.fullmatch(path)), None)

    def _described(self, exchange: Mapping[str, Any]) -> Mapping[str, Any]:
        """With the path in the description's words: Graph takes their case for nothing."""
        path = _path(exchange)
        for pattern, template in self._templates:
            if found := pattern.fullmatch(path):
                words = re.split(r"\{[^}]+\}", template)
                known = "".join(part for pair in zip_longest(words, found.groups(), fillvalue="") for part in pair)
                return {**exchange, "path": known}
        return exchange

    def _operation(self, exchange: Mapping[str, Any], template: str) -> Json | None:
        operation: Json | None = self._document["paths"][template].get(exchange["method"].lower())
        return operation

    # --- requests ---------------------------------------------------------------------------------------------------

    def _request_violations(self, exchange: Mapping[str, Any], template: str | None) -> Iterator[str]:
        operation = self._operation(exchange, template) if template else None
        if operation is None:
            yield "no such operation"
            return
        yield from (_text(error) for error in self._openapi.iter_request_errors(_request(exchange)))
        declared = {self._resolved(item)["name"] for item in operation.get("parameters", ())}
        for name, _unused in parse_qsl(exchange["query"]):
            if name not in declared:
                yield f"query parameter {name} is not declared"
        yield from self._unknown_names(exchange, operation)

    def _unknown_names(self, exchange: Mapping[str, Any], operation: Json) -> Iterator[str]:
        """The description allows any further property everywhere; Graph does not."""
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None or not exchange["request_body"]:
            return
        yield from self._walk(json.loads(exchange["request_body"]), content["schema"], "body")

    def _walk(self, value: Any, schema: Json, place: str) -> Iterator[str]:
        schema = self._resolved(schema)
        if "anyOf" in schema:
            schema = self._resolved(schema["anyOf"][0])
        if isinstance(value, list):
            for item in value:
                yield from self._walk(item, schema.get("items", {}), place)
        properties = schema.get("properties")
        if not isinstance(value, dict) or properties is None:
            return
        known = properties.keys() | (self._recorded_names if "uniqueName" in properties else set())
        for name, inner in value.items():
            if name not in known and "@odata." not in name:
                yield f"{place}: unknown property {name}"
            yield from self._walk(inner, properties.get(name, {}), f"{place}.{name}")

    def _resolved(self, schema: Json) -> Json:
        while "$ref" in schema:
            node: Any = self._document
            for step in schema["$ref"].removeprefix("#/").split("/"):
                node = node[step]
            schema = node
        return schema

    # --- answers ----------------------------------------------------------------------------------------------------

    def _violations_of_answer(self, exchange: Mapping[str, Any]) -> Iterator[str]:
        return self._error_violations(exchange) if exchange["status"] >= 400 else self._answer_violations(exchange)

    def _answer_violations(self, exchange: Mapping[str, Any]) -> Iterator[str]:
        yield from _header_violations(exchange)
        request, response = _request(exchange), _response(exchange)
        yield from (_text(error) for error in self._openapi.iter_response_errors(request, response))

    def _error_violations(self, exchange: Mapping[str, Any]) -> Iterator[str]:
        yield from _header_violations(exchange)
        yield from (error.message for error in self._error_validator.iter_errors(exchange["response_body"]))
        inner = exchange["response_body"]["error"].get("innerError", {})
        for name in ("date", "request-id", "client-request-id"):
            if name not in inner:
                yield f"innerError lacks {name}"


def _load(path: Path) -> Json:
    loaded: Json = yaml.load(path.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return loaded


def _template_pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{[^}]+\}", template)
    return re.compile("([^/]+)".join(re.escape(part) for part in parts), re.IGNORECASE)


def _path(exchange: Mapping[str, Any]) -> str:
    """Without the version, unless it is beta; decoded, so a slash inside a key would be lost: tests avoid it."""
    path = _KEY.sub(r"/\1", _NAMESPACE.sub("/", _ALIAS.sub("/", exchange["path"])))
    return re.sub(r"/{2,}", "/", path)


def _request(exchange: Mapping[str, Any]) -> MockRequest:
    headers = {**exchange["request_headers"], "Authorization": "Bearer token"}
    return MockRequest(
        host_url=SERVER,
        method=exchange["method"],
        path=f"/v1.0{quote(_path(exchange), safe='/$()=,')}".replace("%27", "'"),
        args=dict(parse_qsl(exchange["query"])),
        headers=headers,
        data=exchange["request_body"].encode() or None,
        content_type=headers.get("content-type", ""),
    )


def _response(exchange: Mapping[str, Any]) -> MockResponse:
    headers, body = exchange["response_headers"], exchange["response_body"]
    content = b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return MockResponse(content, exchange["status"], headers, headers.get("content-type", ""))


def _header_violations(exchange: Mapping[str, Any]) -> Iterator[str]:
    present = {name.lower() for name in exchange["response_headers"]}
    return (f"no header {name}" for name in ANSWER_HEADERS if name not in present)


def _text(error: Exception) -> str:
    cause = error.__cause__
    if isinstance(cause, InvalidSchemaValue):
        return f"{error}: {'; '.join(str(item) for item in cause.schema_errors)}"
    return f"{error}: {cause}" if cause else repr(error)
