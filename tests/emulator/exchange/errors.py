# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals of Exchange in their wire form."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any
from zlib import crc32

import yaml

from emulator.call import Answer, Body, Call, Refusal
from emulator.exchange.store.conflicts import ExchangeConflict
from emulator.graph.store.resources import EXCHANGE

WRAPPER = "Microsoft.Exchange.Management.PSDirectInvoke.DirectInvokeCmdletExecutionException"
OUTER_TYPE = "Microsoft.Exchange.Admin.OData.Core.ODataServiceException"
CODES = {400: "BadRequest", 404: "NotFound"}


@cache
def _forms() -> dict[str, dict[str, Any]]:
    loaded: dict[str, dict[str, Any]] = yaml.safe_load(
        files("emulator.exchange").joinpath("messages.yaml").read_text("utf-8")
    )
    return loaded


class ExchangeError(Refusal):
    """`key` names a message of messages.yaml."""

    def __init__(self, key: str, *subjects: str) -> None:
        super().__init__(key, *subjects)
        self._form = _forms()[key]
        self.subjects = subjects
        self.why = key
        if key in ("unknown_cmdlet", "unknown_parameter"):
            self.unknown = f"{key.removeprefix('unknown_')} {subjects[0]}"

    @classmethod
    def of_conflict(cls, conflict: ExchangeConflict) -> ExchangeError:
        return cls(conflict.reason.value, *conflict.subjects)

    @property
    def type(self) -> str:
        return str(self._form["type"])

    @property
    def status(self) -> int:
        return int(self._form.get("status", 400))

    def text(self, language: str) -> str:
        return str(self._form[language]).format(*self.subjects)

    @property
    def is_of_the_endpoint(self) -> bool:
        """A refusal before the cmdlet ran: of its name, of a parameter."""
        return self.type.startswith(("System.Management.Automation.", "Microsoft.Exchange.AdminApi."))

    def answer(self, call: Call) -> Answer:
        org = call.tenant.exchange if call.tenant is not None else None
        text = self.text(org.language if org is not None else "en")
        manner = org.refusals if org is not None and not self.is_of_the_endpoint else "endpoint"
        body = _of_endpoint(self.type, text) if manner == "endpoint" else _of_cmdlet(self.type, text)
        if manner == "cmdlet_without_inner":
            del body["error"]["innererror"]["internalexception"]
        body["error"]["code"] = CODES[self.status]
        return Answer(self.status, body, {"x-exceptiontype": self.type} if manner == "endpoint" else {})


def _of_endpoint(type_: str, text: str) -> Body:
    """The message that everybody reads first says nothing; the real one is written down twice, further in."""
    return _body("Invalid Operation", f"|{type_}|{text}", {"message": text, "type": type_, "stacktrace": ""})


def _of_cmdlet(type_: str, text: str) -> Body:
    """The real one is written down once; the innermost exception only says that there was one."""
    error_id = f"Ex{crc32(type_.encode()) & 0xFFFFFF:06X}"
    inner = {"message": f"Exception of type '{WRAPPER}' was thrown.", "type": WRAPPER, "stacktrace": "..."}
    return _body("Error executing cmdlet", f"{error_id}|{type_}|{text}", inner)


def _body(constant: str, detail: str, inner: Body) -> Body:
    return {
        "error": {
            "code": "",
            "message": constant,
            "details": [{"code": "Client", "target": "", "message": detail}],
            "innererror": {
                "message": constant,
                "type": OUTER_TYPE,
                "stacktrace": "",
                "internalexception": inner,
            },
            "adminapi.warnings@odata.type": "#Collection(String)",
            "@adminapi.warnings": [],
        }
    }


class Unauthorized(Refusal):
    """Without a body: the reason is in a header."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = self.why = reason

    def answer(self, call: Call) -> Answer:
        challenge = f'Bearer client_id="{EXCHANGE}", authorization_uri="{call.origin}/common/oauth2/authorize"'
        diagnostics = f'2000003;reason="{self.reason}";error_category="invalid_token"'
        return Answer(401, None, {"www-authenticate": challenge, "x-ms-diagnostics": diagnostics})


class Forbidden(Refusal):
    """Called JSON, but all NUL bytes (several clients guard against it); no body at all for a missing app role."""

    def __init__(self, length: int = 0) -> None:
        super().__init__(length)
        self.length = length

    def answer(self, call: Call) -> Answer:
        return Answer(403, "\0" * self.length or None, {"content-type": "application/json"})


class UnknownPath(Refusal):
    unknown = "path"

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status

    def answer(self, call: Call) -> Answer:
        return Answer(self.status)
