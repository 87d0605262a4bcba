# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.totalview.exchange365.plugins.modules import connector_store_move
from ansible_collections.totalview.exchange365.plugins.plugin_utils._action import ConnectorAction


class ActionModule(ConnectorAction):
    OPERATION = connector_store_move.OPERATION
