# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.aadsts import sign_in_error


def answer(*codes, description="", error="invalid_client"):
    return {
        "error": error,
        "error_description": description,
        "error_codes": list(codes),
        "trace_id": "trace-1",
        "correlation_id": "correlation-1",
    }


@pytest.mark.parametrize(
    ("code", "meaning", "next_step"),
    [
        (7000215, "client secret is wrong", "not its id"),
        (7000222, "has expired", "new secret"),
        (7000218, "no client secret or certificate", "auth_client_secret or auth_certificate_path"),
        (700027, "certificate was not accepted", "Upload the certificate"),
        (700016, "not known in this tenant", "consent"),
        (7000229, "no service principal", "consent"),
        (7000112, "disabled", "enable"),
        (90002, "tenant was not found", "tenant_id"),
        (900023, "tenant id is not valid", "tenant_id"),
        (90038, "another cloud", "cloud"),
        (900382, "another cloud", "cloud"),
        (900432, "another cloud", "cloud"),
        (500011, "not enabled", "graph_url"),
        (53003, "Conditional Access", "administrator"),
        (50196, "too many sign-ins", "again"),
        (90055, "throttled", "again"),
    ],
)
def test_the_usual_codes_are_explained(code, meaning, next_step):
    error = sign_in_error(answer(code, description=f"AADSTS{code}: Microsoft's own words. Trace ID: trace-1"))

    assert error.code == f"AADSTS{code}"
    assert error.message.startswith(f"Sign-in refused, AADSTS{code}: ")
    assert meaning in error.message
    assert next_step in error.next_step
    assert "Microsoft's own words" not in error.message


def test_the_ids_for_microsofts_support_are_kept():
    trace = sign_in_error(answer(7000215)).trace

    assert (trace.status, trace.request_id, trace.client_request_id) == (None, "trace-1", "correlation-1")


def test_the_first_code_that_is_known_explains():
    assert sign_in_error(answer(99999, 7000222, 7000215)).code == "AADSTS7000222"


def test_an_unknown_code_is_told_once_in_microsofts_words_without_the_ids():
    description = "AADSTS65001: The user has not consented. Trace ID: 1 Correlation ID: 2 Timestamp: 3"

    error = sign_in_error(answer(65001, description=description))

    assert error.message == "Sign-in refused, AADSTS65001: The user has not consented."
    assert error.code == "AADSTS65001"
    assert error.next_step


def test_of_a_long_description_the_first_line_is_told():
    error = sign_in_error(answer(65001, description="AADSTS65001: First line.\r\nSecond line.\r\nTrace ID: 1"))

    assert "First line" in error.message
    assert "Second line" not in error.message


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "unknown"),
        ({"error": "temporarily_unavailable"}, "temporarily_unavailable"),
        ({"error_codes": None}, "unknown"),
    ],
)
def test_an_answer_without_codes_is_a_fault_as_well(body, code):
    error = sign_in_error(body)

    assert error.code == code
    assert error.message == f"Sign-in refused, {code}: no reason was given."
    assert json.dumps(error.failure("t"))
