# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the table tells of a tenant that leaves."""

from __future__ import annotations

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.offboarding_result import result_of

UNTIL = {"calendar": "2026-11-29T16:00:00+00:00", "mail": "2026-11-29T17:00:00+00:00"}


def registration(name, stage="closing", **more):
    nothing = {"closed": None, "refusal": None, "tokens_until": None, "kept": [], "removals": [], "later": []}
    return {"name": name, "unique_name": name, "stage": stage, **nothing, **more}


def closed(name, refusal="AADSTS700016"):
    return {"closed": "2026-11-28T12:00:00+00:00", "refusal": refusal, "tokens_until": UNTIL[name], "kept": []}


def ran(*results):
    return {"results": list(results)}


def result(registrations, steps, *, check_mode=False, failure=None):
    return result_of("contoso", {"registrations": registrations}, steps, check_mode=check_mode, failure=failure)


def test_before_anything_is_done_all_that_goes_is_told_and_how_to_say_so():
    going = [
        registration("calendar", removals=["remove secret a", "delete application"], later=["remove group g"]),
        registration("mail"),
    ]
    told = result(going, {"note": ran({"changed": True}, {"skipped": True})}, check_mode=True)
    assert (told["state"], told["changed"]) == ("changes_pending", ["calendar: note"])
    assert "calendar: remove secret a, delete application." in told["next"]
    assert "28 hours later, a further run: calendar: remove group g." in told["next"]
    assert told["next"].endswith("-e connector_offboard=contoso")


def test_the_last_token_of_either_decides_when_to_run_again():
    steps = {
        "refusal": ran(
            {"changed": True, "stage": "waiting", **closed("calendar")},
            {"changed": True, "stage": "waiting", **closed("mail", None)},
        )
    }
    told = result([registration("calendar"), registration("mail")], steps)
    assert (told["state"], told["by"]) == ("offboarding", UNTIL["mail"])
    assert "calendar is closed since 2026-11-28T12:00:00+00:00: a sign-in is refused (AADSTS700016)." in told["next"]
    assert "the store had no secret to try" in told["next"]
    assert UNTIL["mail"] in told["next"]


def test_it_is_over_when_both_are_gone_and_what_stays_is_named():
    gone, open_one = (registration("calendar", "offboarded"), registration("mail", "waiting", **closed("mail")))
    told = result([gone, open_one], {})
    assert (told["state"], told["changed"], told["by"]) == ("offboarding", [], UNTIL["mail"])
    assert told["next"].startswith("calendar is gone. mail is closed since")

    assert result([gone, registration("mail", "offboarded")], {})["next"] == "-"
    steps = {"end": ran({"skipped": True}, {"changed": True, "stage": "offboarded", "kept": ["group g: it is used"]})}
    told = result([gone, registration("mail", "finishing")], steps)
    assert (told["state"], told["next"]) == ("offboarded", "Nothing has to be done. Kept: group g: it is used")


def test_what_was_done_before_it_failed_is_told():
    failure = {"results": [{"failed": True, "msg": "Exchange says no."}, {"failed": False}]}
    steps = {"application": ran({"changed": True}, {"changed": True}), "roles": ran({"changed": False})}
    told = result([registration("calendar"), registration("mail")], steps, failure=failure)
    assert told == {
        "tenant": "contoso",
        "state": "failed",
        "changed": ["calendar: application", "mail: application"],
        "next": "Exchange says no.",
    }
