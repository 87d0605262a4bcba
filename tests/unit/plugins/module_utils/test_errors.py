# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    ConnectorError,
    NotFoundError,
    StoreError,
    Trace,
)

REQUEST = Trace(404, "r-1", "q-1")


@pytest.mark.parametrize(
    ("error", "tenant", "sentence"),
    [
        (
            ConnectorError("It broke.", next_step="Mend it.", trace=REQUEST),
            "contoso.com",
            "Tenant contoso.com: It broke. Mend it. [request-id r-1]",
        ),
        (ConnectorError("It broke."), "", "It broke."),
        (ConnectorError("It broke."), "t", "Tenant t: It broke."),
        (ConnectorError("It broke.", next_step="Mend it."), "", "It broke. Mend it."),
        (ConnectorError("It broke.", trace=REQUEST), "", "It broke. [request-id r-1]"),
        (ConnectorError("It broke.", trace=Trace(status=500)), "", "It broke."),
    ],
)
def test_the_sentence_has_tenant_message_next_step_and_request_as_far_as_they_are_known(error, tenant, sentence):
    assert error.sentence(tenant) == sentence
    assert str(error) == "It broke."


def test_the_failure_has_every_key_in_every_case():
    full = NotFoundError("m", next_step="n", code="c", trace=REQUEST, details=[{"a": 1}]).failure("t")
    bare = StoreError("m").failure("")

    assert full == {
        "tenant": "t",
        "code": "c",
        "status": 404,
        "message": "m",
        "next_step": "n",
        "request_id": "r-1",
        "client_request_id": "q-1",
        "details": [{"a": 1}],
    }
    assert bare == {
        "tenant": "",
        "code": "StoreError",
        "status": None,
        "message": "m",
        "next_step": "",
        "request_id": None,
        "client_request_id": None,
        "details": [],
    }
    assert json.loads(json.dumps([full, bare])) == [full, bare]
