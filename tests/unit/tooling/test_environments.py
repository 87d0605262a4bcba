# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The environments that nox makes: one that cannot be used where it lies is made anew, whatever its stamp says."""

from __future__ import annotations

import importlib.util
import shutil

import pytest

from tooling.install_collection import ROOT


@pytest.fixture(scope="module")
def noxfile():
    spec = importlib.util.spec_from_file_location("noxfile", ROOT / "noxfile.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def environment(tmp_path):
    """With a pip that tells, as the real one does, where it is from."""
    home = tmp_path / "made"
    pip = home / "bin" / "pip"
    pip.parent.mkdir(parents=True)
    pip.write_text(f'#!/bin/sh\necho "pip 25.0 from {home}/lib/python3.13/site-packages/pip (python 3.13)"\n')
    pip.chmod(0o755)
    (home / "made-from.txt").write_text("these requirements")
    return home


def needed(noxfile, home, made_from="these requirements"):
    with noxfile.made_once(home, made_from, noxfile.is_whole) as needed:
        if needed:
            home.mkdir()
    return needed


def test_an_environment_is_made_once(noxfile, environment):
    assert not needed(noxfile, environment)
    assert needed(noxfile, environment, "other requirements")


def test_an_environment_that_was_copied_is_made_anew(noxfile, environment, tmp_path):
    copied = shutil.copytree(environment, tmp_path / "copied")

    assert needed(noxfile, copied)
    assert not (copied / "bin").exists()
    assert not needed(noxfile, environment)


def test_an_environment_whose_python_is_gone_is_made_anew(noxfile, environment):
    pip = environment / "bin" / "pip"
    pip.write_text(f"#!{environment}/bin/python3\n")

    assert needed(noxfile, environment)
