# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No crash point, fault or bad neighbour leaves a duplicate, an orphan, an open door or a leaked secret.

First the run is cut down at every request it makes, in every way; where its secrets are in a server, at every write,
at each of which that server stumbles, too, or is no help any more. Then fleets meet a cloud that does everything wrong.
Histories of a tenant are generated, in which nothing in use is deleted and no act of ours widens anything. Last,
tenants live through a year.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from ansible.plugins.loader import init_plugin_loader

from chaos.crash_matrix import CrashMatrix
from chaos.expiry import expiries
from chaos.fleet import new_fleet
from chaos.hostile_cloud import outcomes
from chaos.outages import behind_door, outages_of_key_vault, outages_of_openbao
from chaos.processes import Broken, Endless
from chaos.reading import Case
from chaos.scenarios import SCENARIOS, WITH_SERVER
from chaos.stores import SERVERS, Kv2, azure_key_vault, vault_kv2
from integration.operator_desk import Leg
from tooling.install_collection import install

SEEDS = (1, 2, 3, 4, 5)
#: After that long a run is endless. Nothing is measured with it.
SECONDS = 1800


def main() -> int:
    options = _options()
    init_plugin_loader()  # since then only the collection can be imported, and what imports it
    failed = passed = 0
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        home = Path(folder)
        install(home / "collections")
        leg = Leg("chaos", Path(sys.executable).parent, home / "collections")
        for case in _cases(leg, home, options):
            if case.complaints:
                failed += 1
                print("\n  ".join([f"FAILED {case}", *case.complaints]), flush=True)
            else:
                passed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seed", type=int, help="one seed for the hostile cloud instead of five fixed ones")
    parser.add_argument("--tenants", type=int, default=300, help="of the hostile cloud, for all seeds together")
    parser.add_argument("--every", type=int, default=1, help="only every so manieth request of the crash matrix")
    parser.add_argument("--only", choices=["crash", "servers", "hostile", "histories", "year"])
    parser.add_argument("--days", type=int, default=365, help="of the year")
    parser.add_argument("--year-tenants", type=int, default=40, help="that live through it")
    parser.add_argument("--histories", type=int, default=5000, help="generated histories, of each kind, for all seeds")
    return parser.parse_args()


def _cases(leg: Leg, home: Path, options: argparse.Namespace) -> Iterator[Case]:
    seeds = SEEDS if options.seed is None else [options.seed]
    parts = {
        "crash": _crash_matrix(leg, home, options.every),
        "servers": _servers(leg, home, options.every),
        "hostile": _hostile_cloud(leg, home, seeds, options.tenants),
        "histories": _histories(seeds, options.histories),
        "year": _year(home, seeds[0], options.year_tenants, options.days),
    }
    for name, cases in parts.items():
        if options.only in (None, name):
            yield from _to_the_end(name, cases)


def _to_the_end(name: str, cases: Iterator[Case]) -> Iterator[Case]:
    """A run that never ends, or breaks off, is a failure like others."""
    try:
        yield from cases
    except (Broken, Endless) as error:
        yield Case(host=name, complaints=[str(error)])


def _crash_matrix(leg: Leg, home: Path, every: int) -> Iterator[Case]:
    with new_fleet(leg, home / "crash-matrix", seconds=SECONDS) as fleet:
        matrix = CrashMatrix(fleet, lambda requests: requests[::every])
        for scenario, points in matrix.rounds(SCENARIOS):
            print(f"crash matrix, {scenario.name}: {len(points)} points", flush=True)
            yield from points


def _servers(leg: Leg, home: Path, every: int) -> Iterator[Case]:
    for store, opened in SERVERS.items():
        with new_fleet(leg, home / store, seconds=SECONDS, store=opened) as fleet:
            matrix = CrashMatrix(fleet, lambda requests: [row for row in requests if row.writes][::every])
            for scenario, points in matrix.rounds(WITH_SERVER):
                print(f"{store}, {scenario.name}: {len(points)} points", flush=True)
                yield from points
    with new_fleet(leg, home / "expiry", seconds=SECONDS, store=vault_kv2) as fleet:
        assert isinstance(fleet.store, Kv2)
        expired = expiries(fleet, fleet.store, WITH_SERVER[0], lambda uses: uses[::every])
        print(f"a token that expires: {len(expired)} points", flush=True)
        yield from expired
    outages = {behind_door: outages_of_openbao, azure_key_vault: outages_of_key_vault}
    for opened, met in outages.items():
        with new_fleet(leg, home / f"outages-{opened.__name__}", seconds=SECONDS, store=opened) as fleet:
            cases = met(fleet, WITH_SERVER[0], lambda writes: writes[::every])
            print(f"outages, {opened.__name__}: {len(cases)} points", flush=True)
            yield from cases


def _hostile_cloud(leg: Leg, home: Path, seeds: Sequence[int], tenants: int) -> Iterator[Case]:
    for index, seed in enumerate(seeds):
        # What cannot be divided evenly goes to the first ones.
        share = len(range(index, tenants, len(seeds)))
        if not share:
            continue
        with new_fleet(leg, home / f"hostile-cloud-{seed}", seconds=SECONDS) as fleet:
            found = list(outcomes(fleet, seed, share))
            print(f"hostile cloud, seed {seed}: {len(found)} tenants", flush=True)
            yield from found


def _year(home: Path, seed: int, tenants: int, days: int) -> Iterator[Case]:
    from chaos.year import tenants as lives  # noqa: PLC0415 - see main

    for tenant in lives(home / "year", seed=seed, number=tenants, days=days):
        print(f"{tenant}: {days} days, {len(tenant.happened)} events", flush=True)
        yield tenant


def _histories(seeds: Sequence[int], histories: int) -> Iterator[Case]:
    from chaos.histories import generated_histories  # noqa: PLC0415 - see main

    for index, seed in enumerate(seeds):
        share = len(range(index, histories, len(seeds)))
        if share:
            print(f"histories, seed {seed}: {share} of each kind", flush=True)
            yield from generated_histories(seed, share)


if __name__ == "__main__":
    sys.exit(main())
