# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import GraphError, PolicyError
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.policy import (
    Restriction,
    SecretPolicy,
    doubt,
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
SECRETS = restriction("passwordAddition", state="disabled")
SHORT = restriction("passwordLifetime", max_lifetime="P90D")
NAMELESS = "app management policy of the tenant"
SURE, UNSURE = Restriction(NAMELESS), Restriction(NAMELESS, certain=False)


def limit(days, policy=NAMELESS, certain=True):
    return Restriction(policy, certain, days * DAY)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, SecretPolicy()),
        ({"isEnabled": True}, SecretPolicy()),
        ({"isEnabled": True, "applicationRestrictions": None}, SecretPolicy()),
        ({"isEnabled": True, "applicationRestrictions": {"passwordCredentials": None}}, SecretPolicy()),
        (policy(), SecretPolicy()),
        (policy(NO_SECRETS), SecretPolicy(SURE)),
        (policy(SHORT), SecretPolicy(limits=limit(90))),
        (policy(NO_SECRETS, SHORT), SecretPolicy(SURE, limit(90))),
        (policy(NO_SECRETS, SHORT, enabled=False), SecretPolicy()),
        (policy(SHORT, restriction("passwordLifetime", max_lifetime="P30D")), SecretPolicy(limits=limit(30))),
        (policy(restriction("passwordLifetime")), SecretPolicy()),
        (policy(restriction("passwordLifetime", max_lifetime="a while")), SecretPolicy()),
        (policy(restriction("symmetricKeyAddition")), SecretPolicy()),
        (policy(restriction("symmetricKeyLifetime", max_lifetime="P1D")), SecretPolicy()),
        (policy(restriction("customPasswordAddition")), SecretPolicy()),
        (policy(SECRETS), SecretPolicy()),
        (policy({"restrictionType": "passwordAddition"}), SecretPolicy(SURE)),
        (policy({}, {"restrictionType": None}), SecretPolicy()),
        (
            policy({**NO_SECRETS, "excludeActors": {"customSecurityAttributes": []}}),
            SecretPolicy(UNSURE),
        ),
        (policy({**SHORT, "state": None}), SecretPolicy(limits=limit(90))),
        (policy({**SHORT, "state": "Enabled"}), SecretPolicy(limits=limit(90))),
        (policy({**SHORT, "state": "Disabled"}), SecretPolicy()),
        (policy({**SHORT, "restrictionType": "PasswordLifetime"}), SecretPolicy(limits=limit(90))),
        ({"isEnabled": True, "applicationRestrictions": []}, SecretPolicy()),
    ],
)
def test_only_enabled_restrictions_of_client_secrets_count(body, expected):
    assert SecretPolicy.of(body, (), CREATED) == expected


@pytest.mark.parametrize(
    ("since", "created", "new", "found"),
    [
        (None, CREATED, False, SURE),
        ("2026-02-28T00:00:00Z", CREATED, False, SURE),
        ("2026-03-01T00:00:00Z", CREATED, False, SURE),
        ("2026-03-01T00:00:00.0000001Z", CREATED, False, SURE),
        ("2026-03-02T00:00:00Z", CREATED, False, None),
        ("2026-03-02", CREATED, False, None),
        ("2026-02-28T00:00:00", CREATED, False, SURE),
        ("2099-01-01T00:00:00Z", None, True, SURE),
        ("2099-01-01T00:00:00Z", None, False, UNSURE),
        (None, None, False, SURE),
    ],
)
def test_a_restriction_for_newer_applications_spares_the_older_ones(since, created, new, found):
    body = policy(restriction("passwordAddition", since=since))

    assert SecretPolicy.of(body, (), created, new=new).forbids == found


def own(*restrictions, enabled=True):
    rows = {"passwordCredentials": list(restrictions)}
    return {"id": "p1", "displayName": "Ours", "isEnabled": enabled, "restrictions": rows}


OURS = "app management policy 'Ours' (p1)"


@pytest.mark.parametrize(
    ("default", "mine", "expected"),
    [
        (policy(NO_SECRETS), [own(SECRETS)], SecretPolicy()),
        (policy(NO_SECRETS), [own(SECRETS, enabled=False)], SecretPolicy(SURE)),
        (policy(NO_SECRETS), [own()], SecretPolicy(UNSURE)),
        (policy(NO_SECRETS), None, SecretPolicy(UNSURE)),
        (policy(NO_SECRETS), [], SecretPolicy(SURE)),
        (policy(), [own(NO_SECRETS)], SecretPolicy(Restriction(OURS))),
        (policy(SHORT, enabled=False), [own(SHORT)], SecretPolicy(limits=limit(90, OURS))),
        (
            policy(SHORT),
            [own(restriction("passwordLifetime", max_lifetime="P400D"))],
            SecretPolicy(limits=limit(400, OURS)),
        ),
        (policy(SHORT), [own(SECRETS)], SecretPolicy(limits=limit(90, certain=False))),
        (policy(NO_SECRETS), [{"restrictions": None}], SecretPolicy(UNSURE)),
    ],
)
def test_the_applications_own_policy_comes_before_the_default(default, mine, expected):
    assert SecretPolicy.of(default, mine, CREATED) == expected


APPLICATION = {"id": "a1", "createdDateTime": "2026-03-01T00:00:00Z"}
OWN = "/applications/a1/appManagementPolicies"


def test_reading_the_policies(graph, http):
    http.on("GET", POLICY, (200, policy(SHORT)))
    http.on("GET", OWN, (200, {"value": [own(NO_SECRETS)]}))

    assert read_policy(graph, APPLICATION) == SecretPolicy(Restriction(OURS), limit(90, certain=False))
    assert read_policy(graph, None) == SecretPolicy(limits=limit(90), new=True)


def test_a_policy_that_may_not_be_read_is_unknown(graph, http):
    http.on("GET", POLICY, (403, {"error": {"code": "Authorization_RequestDenied", "message": ""}}))

    assert read_policy(graph, None) is None


def test_without_the_own_policy_nothing_is_certain(graph, http):
    http.on("GET", POLICY, (200, policy(NO_SECRETS)))
    http.on("GET", OWN, (403, {"error": {"code": "AccessDenied", "message": ""}}))

    found = read_policy(graph, APPLICATION)

    assert found == SecretPolicy(UNSURE)
    assert lifetime_under(found, None, 365 * DAY) == 365 * DAY
    assert "Microsoft Graph decides" in doubt(found)


@pytest.mark.parametrize(
    "odd",
    [
        {"isEnabled": True, "applicationRestrictions": {"passwordCredentials": None}},
        {
            "isEnabled": True,
            "applicationRestrictions": {"passwordCredentials": {"restrictionType": "passwordAddition"}},
        },
        {"isEnabled": True, "applicationRestrictions": [NO_SECRETS]},
        {"isEnabled": "true"},
        policy({**NO_SECRETS, "restrictForAppsCreatedAfterDateTime": "soon"}),
        "<html>proxy</html>",
        [],
    ],
)
@pytest.mark.parametrize("path", [POLICY, OWN])
def test_a_policy_in_a_form_that_nobody_knows_stops_nothing(graph, http, path, odd):
    http.on("GET", POLICY, (200, odd if path == POLICY else policy(NO_SECRETS)))
    http.on("GET", OWN, (200, odd))

    found = read_policy(graph, APPLICATION)

    assert found == (None if path == POLICY else SecretPolicy(UNSURE))


def test_any_other_refusal_to_read_the_policy_is_a_fault(graph, http):
    http.on("GET", POLICY, (500, {"error": {"code": "InternalServerError", "message": ""}}))

    with pytest.raises(GraphError):
        read_policy(graph, None)


@pytest.mark.parametrize("new", [True, False])
def test_who_may_make_an_exception_is_told(new):
    with pytest.raises(PolicyError) as caught:
        lifetime_under(SecretPolicy(Restriction(OURS), new=new), None, 365 * DAY)

    assert OURS in caught.value.message
    assert "Application Administrator" in caught.value.next_step
    assert ("of its own" in caught.value.next_step) is not new


def test_what_is_certain_is_no_doubt():
    assert doubt(None) is None
    assert doubt(SecretPolicy(limits=limit(1, certain=False))) is None
    assert doubt(SecretPolicy(SURE)) is None


def test_a_limit_that_may_not_hold_does_not_refuse_what_was_asked_for():
    assert lifetime_under(SecretPolicy(limits=limit(90, certain=False)), 100 * DAY, 365 * DAY) == 100 * DAY
    assert lifetime_under(SecretPolicy(limits=limit(90, certain=False)), None, 365 * DAY) == 90 * DAY


def test_the_lifetime_in_every_combination_of_policy_and_wish():
    limits = (None, 1 * DAY, 90 * DAY, 365 * DAY, 500 * DAY)
    for longest, wanted in itertools.product(limits, (None, 1 * DAY, 90 * DAY, 400 * DAY)):
        rules = SecretPolicy(limits=None if longest is None else Restriction(NAMELESS, lifetime=longest))
        if wanted is not None and longest is not None and wanted > longest:
            with pytest.raises(PolicyError) as caught:
                lifetime_under(rules, wanted, 365 * DAY)
            assert f"for {longest.days} days" in caught.value.message
            assert f"asks for {wanted.days} days" in caught.value.message
        else:
            expected = wanted or min(365 * DAY, longest or 365 * DAY)
            assert lifetime_under(rules, wanted, 365 * DAY) == expected
            assert lifetime_under(None, wanted, 365 * DAY) == (wanted or 365 * DAY)


@pytest.mark.parametrize("rules", [None, SecretPolicy(), SecretPolicy(limits=limit(90))])
def test_no_lifetime_at_all_is_not_the_same_as_no_wish(rules):
    assert lifetime_under(rules, timedelta(), 365 * DAY) == timedelta()


@pytest.mark.parametrize("wanted", [None, DAY])
def test_where_secrets_are_forbidden_there_is_no_lifetime(wanted):
    with pytest.raises(PolicyError) as caught:
        lifetime_under(SecretPolicy(SURE, limit(90)), wanted, DAY)

    assert caught.value.code == "SecretsNotAllowed"
