# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import GraphError, PolicyError
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.policy import (
    SecretPolicy,
    lifetime_under,
    read_policy,
)

DAY = timedelta(days=1)
CREATED = datetime(2026, 3, 1, tzinfo=UTC)
POLICY = "/policies/defaultAppManagementPolicy"


def restriction(kind, *, state="enabled", max_lifetime=None, since=None):
    return {
        "restrictionType": kind,
        "state": state,
        "maxLifetime": max_lifetime,
        "restrictForAppsCreatedAfterDateTime": since,
    }


def policy(*restrictions, enabled=True):
    return {"isEnabled": enabled, "applicationRestrictions": {"passwordCredentials": list(restrictions)}}


NO_SECRETS = restriction("passwordAddition")
SHORT = restriction("passwordLifetime", max_lifetime="P90D")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, SecretPolicy()),
        ({"isEnabled": True}, SecretPolicy()),
        ({"isEnabled": True, "applicationRestrictions": None}, SecretPolicy()),
        ({"isEnabled": True, "applicationRestrictions": {"passwordCredentials": None}}, SecretPolicy()),
        (policy(), SecretPolicy()),
        (policy(NO_SECRETS), SecretPolicy(secrets_allowed=False)),
        (policy(SHORT), SecretPolicy(max_lifetime=90 * DAY)),
        (policy(NO_SECRETS, SHORT), SecretPolicy(False, 90 * DAY)),
        (policy(NO_SECRETS, SHORT, enabled=False), SecretPolicy()),
        (policy(SHORT, restriction("passwordLifetime", max_lifetime="P30D")), SecretPolicy(max_lifetime=30 * DAY)),
        (policy(restriction("passwordLifetime")), SecretPolicy()),
        (policy(restriction("symmetricKeyAddition")), SecretPolicy()),
        (policy(restriction("symmetricKeyLifetime", max_lifetime="P1D")), SecretPolicy()),
        (policy(restriction("customPasswordAddition")), SecretPolicy()),
        (policy(restriction("passwordAddition", state="disabled")), SecretPolicy()),
        (policy({"restrictionType": "passwordAddition"}), SecretPolicy(secrets_allowed=False)),
    ],
)
def test_only_enabled_restrictions_of_client_secrets_count(body, expected):
    assert SecretPolicy.from_graph(body, CREATED) == expected


@pytest.mark.parametrize(
    ("since", "created", "applies"),
    [
        (None, CREATED, True),
        ("2026-02-28T00:00:00Z", CREATED, True),
        ("2026-03-01T00:00:00Z", CREATED, True),
        ("2026-03-01T00:00:00.0000001Z", CREATED, True),
        ("2026-03-02T00:00:00Z", CREATED, False),
        ("2099-01-01T00:00:00Z", None, True),
    ],
)
def test_a_restriction_for_newer_applications_spares_the_older_ones(since, created, applies):
    body = policy(restriction("passwordAddition", since=since))

    assert SecretPolicy.from_graph(body, created).secrets_allowed is not applies


def test_reading_the_policy(graph, http):
    http.on("GET", POLICY, (200, policy(SHORT)))

    assert read_policy(graph, "2026-03-01T00:00:00Z") == SecretPolicy(max_lifetime=90 * DAY)
    assert read_policy(graph, None) == SecretPolicy(max_lifetime=90 * DAY)


def test_a_policy_that_may_not_be_read_is_unknown(graph, http):
    http.on("GET", POLICY, (403, {"error": {"code": "Authorization_RequestDenied", "message": ""}}))

    assert read_policy(graph, None) is None


def test_any_other_refusal_to_read_the_policy_is_a_fault(graph, http):
    http.on("GET", POLICY, (500, {"error": {"code": "InternalServerError", "message": ""}}))

    with pytest.raises(GraphError):
        read_policy(graph, None)


def test_the_lifetime_in_every_combination_of_policy_and_wish():
    limits = (None, 1 * DAY, 90 * DAY, 365 * DAY, 500 * DAY)
    for limit, wanted in itertools.product(limits, (None, 1 * DAY, 90 * DAY, 400 * DAY)):
        rules = SecretPolicy(max_lifetime=limit)
        if wanted is not None and limit is not None and wanted > limit:
            with pytest.raises(PolicyError) as caught:
                lifetime_under(rules, wanted, 365 * DAY)
            assert f"for {limit.days} days" in caught.value.message
            assert f"asks for {wanted.days} days" in caught.value.message
        else:
            expected = wanted or min(365 * DAY, limit or 365 * DAY)
            assert lifetime_under(rules, wanted, 365 * DAY) == expected
            assert lifetime_under(None, wanted, 365 * DAY) == (wanted or 365 * DAY)


@pytest.mark.parametrize("rules", [None, SecretPolicy(), SecretPolicy(max_lifetime=90 * DAY)])
def test_no_lifetime_at_all_is_not_the_same_as_no_wish(rules):
    assert lifetime_under(rules, timedelta(), 365 * DAY) == timedelta()


@pytest.mark.parametrize("wanted", [None, DAY])
def test_where_secrets_are_forbidden_there_is_no_lifetime(wanted):
    with pytest.raises(PolicyError) as caught:
        lifetime_under(SecretPolicy(False, 90 * DAY), wanted, DAY)

    assert caught.value.code == "SecretsNotAllowed"
