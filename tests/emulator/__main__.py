# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m emulator`: see README.md."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from emulator.app import EmulatorApp
from emulator.seed import BadSeed, load_seed
from emulator.server import Listen, serve
from emulator.tls import Wrong, make_certificates
from emulator.world import World

BAD_SEED = 2


def main() -> int:
    # Until the server minds the signals: leave in an orderly way, so that nothing stays behind.
    signal.signal(signal.SIGTERM, lambda *_unused: sys.exit(0))
    wanted = _arguments().parse_args()
    try:
        seed = load_seed(wanted.seed)
    except BadSeed as error:
        print(f"emulator: bad seed: {error}", file=sys.stderr)
        return BAD_SEED
    world = World()
    world.start(seed)
    with ExitStack() as stack:
        folder = wanted.state_dir or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="emulator-")))
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        wrong = Wrong(wanted.wrong_certificate) if wanted.wrong_certificate_port else None
        certificates = make_certificates(folder, wrong)
        listen = Listen(
            wanted.host, wanted.port, certificates, wanted.exit_with_parent, wrong_port=wanted.wrong_certificate_port
        )
        serve(EmulatorApp(world), listen)
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m emulator", description="Stands in for Microsoft identity and Graph."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one")
    parser.add_argument("--seed", type=Path, required=True, help="YAML or JSON file that names the tenants")
    parser.add_argument("--state-dir", type=Path, help="where to keep CA and server certificate")
    parser.add_argument("--wrong-certificate-port", type=int, default=0, help="a second port, for clients to refuse")
    parser.add_argument(
        "--wrong-certificate",
        choices=[wrong.value for wrong in Wrong],
        default=Wrong.AUTHORITY.value,
        help="what is wrong about the certificate there",
    )
    parser.add_argument("--exit-with-parent", action="store_true", help="end when the starting process ends")
    return parser


if __name__ == "__main__":
    sys.exit(main())
