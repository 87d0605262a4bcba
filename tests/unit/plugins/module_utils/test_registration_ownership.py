# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose an application is that carries our key."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import AmbiguityError, StoreError
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.model import (
    Actual,
    Application,
    Desired,
    ServicePrincipal,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.plan import plan

PORTAL, AUTOMATION = "portal-client", "automation-client"
KEYED = Application("object", "Client-1", "Totalview", "ours", "AzureADMyOrg", None, (), "2026-11-01T00:00:00Z", PORTAL)
WANTED = Desired("ours", "Totalview", automation=AUTOMATION)


def actual(application, *, deleted):
    if deleted:
        return Actual(deleted=(application,))
    return Actual(application=application, service_principal=ServicePrincipal("sp", enabled=True))


@pytest.mark.parametrize("deleted", [False, True])
@pytest.mark.parametrize("maker", [PORTAL, None])
@pytest.mark.parametrize("known", [None, "another-client"])
def test_a_strangers_application_is_taken_for_nothing(deleted, maker, known):
    keyed = replace(KEYED, created_by=maker)

    with pytest.raises(AmbiguityError) as caught:
        plan(actual(keyed, deleted=deleted), replace(WANTED, client_id=known))

    error = caught.value
    assert error.code == "UniqueNameTaken"
    assert "Client-1" in error.message
    assert "2026-11-01" in error.message
    assert (maker or "nobody knows") in error.message
    assert "another unique_name" in error.next_step


@pytest.mark.parametrize("deleted", [False, True])
@pytest.mark.parametrize(
    ("maker", "wanted"),
    [
        (AUTOMATION, WANTED),
        (PORTAL, replace(WANTED, client_id="client-1")),
        (None, replace(WANTED, client_id="CLIENT-1")),
        (PORTAL, replace(WANTED, adopt=True, adopt_client_id="client-1")),
    ],
    ids=["made by us", "known", "known, from before Graph told the maker", "adopted"],
)
def test_ours_is_taken(deleted, maker, wanted):
    keyed = replace(KEYED, created_by=maker)

    assert plan(actual(keyed, deleted=deleted), wanted).after["unique_name"] == "ours"


ANNOUNCED = datetime(2026, 11, 1, tzinfo=UTC)
BY_STORE = replace(WANTED, by_store=True)


@pytest.mark.parametrize("deleted", [False, True])
@pytest.mark.parametrize("announced", [None, ANNOUNCED + timedelta(minutes=1)])
def test_the_makers_client_alone_proves_nothing_where_a_store_could_know(deleted, announced):
    """Another user of the automation's client leaves the same trace."""
    keyed = replace(KEYED, created_by=AUTOMATION)

    with pytest.raises(StoreError) as caught:
        plan(actual(keyed, deleted=deleted), replace(BY_STORE, announced=announced))

    assert caught.value.code == "LostStore"
    assert "Client-1" in caught.value.message


@pytest.mark.parametrize("deleted", [False, True])
def test_what_the_store_announced_is_found_again(deleted):
    keyed = replace(KEYED, created_by=AUTOMATION)
    wanted = replace(BY_STORE, announced=ANNOUNCED + timedelta(seconds=3))

    assert plan(actual(keyed, deleted=deleted), wanted).after["unique_name"] == "ours"
    with pytest.raises(AmbiguityError):
        plan(actual(replace(keyed, created_by=PORTAL), deleted=deleted), wanted)


@pytest.mark.parametrize("deleted", [False, True])
def test_a_wish_to_adopt_that_was_left_says_nothing_of_another_application(deleted):
    left = replace(BY_STORE, adopt=True, client_id="adopted-long-ago")

    with pytest.raises(AmbiguityError):
        plan(actual(KEYED, deleted=deleted), left)

    assert plan(actual(KEYED, deleted=deleted), replace(left, adopt_client_id="client-1")).after["state"] == "present"
