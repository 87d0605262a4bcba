# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.aadsts import (
    EXPLANATIONS,
    Who,
    sign_in_error,
)

AUTOMATION, REGISTRATION = Who("client-1"), Who("client-2", "ours-mail")


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
        (700024, "clock of this machine", "NTP"),
        (700027, "certificate was not accepted", "Upload the certificate"),
        (700016, "not known in this tenant", "auth_client_id"),
        (7000229, "no service principal", "consent"),
        (7000112, "disabled", "Enterprise applications"),
        (50034, "does not exist", "tenant_id"),
        (90002, "tenant was not found", "tenant_id"),
        (900021, "all zeros", "tenant_id"),
        (900023, "tenant id is not valid", "tenant_id"),
        (90038, "another cloud", "cloud"),
        (900382, "another cloud", "cloud"),
        (900432, "another cloud", "cloud"),
        (500011, "https://service.example is not in this tenant", "graph_url"),
        (500014, "https://service.example is switched off", "renews the subscription"),
        (650052, "not subscribed to the service https://service.example", "Global Administrator"),
        (5000224, "blocked the tenant", "support"),
        (5000225, "inactivity", "support"),
        (53003, "Conditional Access", "administrator"),
        (530032, "security policy", "administrator"),
        (530034, "suspicious activity", "support"),
        (530035, "security defaults", "administrator"),
        (65001, "consented", "consent"),
        (700082, "refresh token", "device_code"),
        (50020, "of another tenant", "GDAP"),
        (50076, "second factor", "device_code"),
        (50173, "revoked", "device_code"),
        (65002, "may not use the service https://service.example", "of your own"),
        (90099, "partner's administrator", "applicationconsents"),
        (900421, "second factor", "device_code"),
        (70025, "no federated credential", "Federated credentials"),
        (700236, "another tenant than the managed identity", "multi-tenant"),
        (50196, "too many equal sign-ins", "again"),
        (90055, "throttled", "again"),
    ],
)
def test_the_usual_codes_are_explained(code, meaning, next_step):
    description = f"AADSTS{code}: Microsoft's own words. Trace ID: trace-1"

    error = sign_in_error(answer(code, description=description), AUTOMATION, "https://service.example")

    assert error.code == f"AADSTS{code}"
    assert error.message.startswith(f"Sign-in of the automation (client-1) refused, AADSTS{code}: ")
    assert meaning in error.message
    assert next_step in error.next_step
    assert "Microsoft's own words" not in error.message


@pytest.mark.parametrize("code", EXPLANATIONS)
def test_every_code_says_whose_sign_in_it_was_and_never_names_the_automation_to_blame_for_a_registrations(code):
    ours = sign_in_error(answer(code), REGISTRATION)

    assert ours.message.startswith(f"Sign-in of the registration ours-mail (client-2) refused, AADSTS{code}: ")
    assert ours.next_step
    assert "{" not in ours.message
    if code in (7000112, 7000215, 7000222, 7000229, 700016, 65001, 70001):
        assert ours.next_step != sign_in_error(answer(code), AUTOMATION).next_step
        assert "auth_client" not in ours.next_step


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("The key was not found.", "(The key was not found)"),
        (
            "The key was not found., Thumbprint of key used by client: 'AB12', Please visit the Azure Portal, 'x'",
            "(The key was not found. Thumbprint of key used by client: 'AB12')",
        ),
        (
            "The key used is expired., Found key 'Start=1, End=2', ",
            "(The key used is expired. Found key 'Start=1, End=2')",
        ),
    ],
)
def test_microsofts_reason_to_refuse_a_certificate_is_shown(reason, shown):
    text = f"AADSTS700027: Client assertion contains an invalid signature. [Reason - {reason}]\r\nTrace ID: 1"

    assert shown in sign_in_error(answer(700027, description=text), AUTOMATION).message


def test_the_ids_for_microsofts_support_are_kept():
    trace = sign_in_error(answer(7000215), AUTOMATION).trace

    assert (trace.status, trace.request_id, trace.client_request_id) == (None, "trace-1", "correlation-1")


def test_the_first_code_that_is_known_explains():
    assert sign_in_error(answer(99999, 7000222, 7000215), AUTOMATION).code == "AADSTS7000222"


def test_an_unknown_code_is_told_once_in_microsofts_words_without_the_ids():
    description = "AADSTS99999: Nobody knows. Trace ID: 1 Correlation ID: 2 Timestamp: 3"

    error = sign_in_error(answer(99999, description=description), AUTOMATION)

    assert error.message == "Sign-in of the automation (client-1) refused, AADSTS99999: Nobody knows."
    assert error.code == "AADSTS99999"
    assert error.next_step


def test_of_a_long_description_the_first_line_is_told():
    error = sign_in_error(
        answer(99999, description="AADSTS99999: First line.\r\nSecond line.\r\nTrace ID: 1"), AUTOMATION
    )

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
    error = sign_in_error(body, AUTOMATION)

    assert error.code == code
    assert error.message == f"Sign-in of the automation (client-1) refused, {code}: no reason was given."
    assert json.dumps(error.failure("t"))


@pytest.mark.parametrize(
    ("code", "description", "told"),
    [
        (
            700213,
            "No matching federated identity record found for presented assertion subject 'repo:a/b:ref'. Check your",
            "(presented: subject 'repo:a/b:ref')",
        ),
        (
            70021,
            "No matching record. Assertion Issuer: 'https://i'. Assertion Subject: 's'. Assertion Audience: 'a'. https://d",
            "(presented: issuer 'https://i', subject 's', audience 'a')",
        ),
    ],
)
def test_what_a_federated_token_presented_is_told(code, description, told):
    error = sign_in_error(answer(code, description=f"AADSTS{code}: {description}"), AUTOMATION)

    assert told in error.message
    assert "letter by letter" in error.next_step
