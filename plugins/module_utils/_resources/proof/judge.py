# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from datetime import timedelta

from ansible_collections.totalview.exchange365.plugins.module_utils._resources.proof.model import (
    Check,
    Desired,
    Evidence,
    Judgement,
    Result,
    Seen,
)

#: So many mailboxes that cannot answer are named.
_SHOWN = 5


def judge(desired: Desired, evidence: Evidence) -> Judgement:
    """What the evidence says. What is wrong counts as "not yet" for as long as Exchange may take to enforce it."""
    since = max(moment for moment in (desired.since, evidence.secret_since) if moment)
    young = evidence.now - since < desired.delay
    late: Result = "not_yet" if young else "failed"
    checks = _checks(desired, evidence, late)
    again = since + desired.delay if young else evidence.now + timedelta(minutes=5)
    return Judgement(tuple(checks), since, again)


def _checks(desired: Desired, evidence: Evidence, late: Result) -> t.Iterator[Check]:
    if evidence.refusal is not None:
        yield Check("sign_in", "not_yet", evidence.refusal)
        return
    yield Check("sign_in", "ok", "The stored secret gives a token.")
    yield (grants := _grants(desired, evidence))
    if desired.mode != "none" and not desired.inside:
        yield Check("inside", "failed", "The restriction holds no mailbox: nothing can be reached.")
    # What the token does not carry yet is refused everywhere, however old the restriction is.
    if _none_can_answer(evidence.inside):
        yield Check("inside", "failed", f"No mailbox inside of the restriction can answer: {_told(evidence.inside)}.")
    for seen in _answering(evidence.inside):
        unknown = grants.result == "not_yet" or (seen.verdict == "no_role" and desired.mode != "rbac")
        yield _inside(seen, "not_yet" if unknown else late)
    if _none_can_answer(evidence.outside):
        untold = _told(evidence.outside)
        yield Check("outside", "no_evidence", f"No mailbox outside of the restriction can answer: {untold}.")
    for seen in _answering(evidence.outside):
        yield _outside(seen, desired, "not_yet" if seen.verdict == "no_role" else late)
    if desired.mode != "none" and not desired.outside:
        yield Check("outside", "no_evidence", "The tenant has no mailbox outside of the restriction to be refused.")
    if desired.without_probe:
        untried = ", ".join(desired.without_probe)
        yield Check("inside", "no_evidence", f"Nothing tries {untried}: whether it is restricted is not seen.")


def _none_can_answer(seen: t.Sequence[Seen]) -> bool:
    return bool(seen) and not any(_answering(seen))


def _answering(seen: t.Iterable[Seen]) -> list[Seen]:
    return [entry for entry in seen if entry.verdict != "missing"]


def _told(seen: t.Iterable[Seen]) -> str:
    """Their names, and what the first of them answers."""
    texts = {entry.mailbox: entry.text for entry in seen}
    names, more = list(texts)[:_SHOWN], len(texts) - _SHOWN
    told = ", ".join([*names, *([f"{more} more"] if more > 0 else [])])
    return f"{told} ({texts[names[0]].rstrip('.')})"


def _grants(desired: Desired, evidence: Evidence) -> Check:
    extra, missing = sorted(evidence.roles - desired.roles), sorted(desired.roles - evidence.roles)
    if extra:
        return Check("grants", "failed", f"The token carries more than is wanted: {', '.join(extra)}.")
    if missing:
        return Check("grants", "not_yet", f"The token does not carry {', '.join(missing)} yet.")
    return Check("grants", "ok", f"The token carries exactly: {', '.join(sorted(desired.roles)) or 'nothing'}.")


def _inside(seen: Seen, late: Result) -> Check:
    if seen.verdict == "reached":
        return Check("inside", "ok", f"{seen.mailbox} answers.")
    return Check("inside", late, f"{seen.mailbox} still refuses: {seen.text}")


def _outside(seen: Seen, desired: Desired, late: Result) -> Check:
    if seen.verdict == "reached":
        return Check("outside", late, f"{seen.mailbox} can still be reached, although it lies outside.")
    if desired.mode == "access_policy" and seen.verdict != "blocked":
        # A token without a role is refused everywhere; that says nothing about the policy.
        return Check("outside", late, f"{seen.mailbox} is refused, but not by the access policy: {seen.text}")
    return Check("outside", "ok", f"{seen.mailbox} is refused.")
