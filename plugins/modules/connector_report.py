#!/usr/bin/python
# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: connector_report
short_description: Leave a report of the tenants, as JSON, CSV, a page and metrics
version_added: 1.0.0
author: Totalview (@totalview)
description:
  - Writes C(report.json), C(report.csv), C(report.html) and C(metrics.prom) into a folder on the controller, each
    whole or not at all. They hold no secret and no token.
  - A tenant that this run did not look at keeps the row that the folder's last report has of it. What has changed since
    that report is told.
  - Also reads and merges reports of slices and days.
extends_documentation_fragment:
  - totalview.exchange365.attributes
attributes:
  check_mode:
    support: full
    details: The role sets C(check_mode=false) and another folder, so that a check run leaves its report as well.
  diff_mode:
    support: none
  idempotent:
    support: none
    details: Each report has its time.
  action:
    description: Runs on the controller only.
    support: full
  action_group:
    support: none
    membership: []
options:
  results:
    description:
      - What the role P(totalview.exchange365.connector#role) leaves in C(connector_result), one for each tenant.
    type: list
    elements: dict
    default: []
  details:
    description:
      - What it leaves in C(connector_details).
    type: list
    elements: dict
    default: []
  folder:
    description:
      - Where the report is written. A relative path starts in the folder that the inventory lies in; where that is no
        file, the task is skipped with a warning.
    type: path
    required: true
  playbook:
    description: What the results came of. By default the playbook that was called.
    type: str
  hosts:
    description:
      - The hosts of the inventory. Rows of an earlier report for others are not kept. By default all are kept.
    type: list
    elements: str
  anonymous:
    description:
      - Leaves out whatever a customer could be known by. Names become pseudonyms, the same in each report of the
        folder; ids, addresses and texts are not told.
    type: bool
    default: false
  planned_only:
    description: The results are of a run in check mode.
    type: bool
    default: false
  merge:
    description:
      - Files C(report.json) of other reports. Of each tenant the newest row counts, and the folder's last report is
        only compared with.
      - A relative path starts like that of O(folder).
    type: list
    elements: path
    default: []
"""

EXAMPLES = r"""
- name: Leave a report
  totalview.exchange365.connector_report:
    results: "{{ ansible_play_hosts | map('extract', hostvars, 'connector_result') | select('defined') }}"
    details: "{{ ansible_play_hosts | map('extract', hostvars, 'connector_details') | select('defined') }}"
    hosts: "{{ groups.all }}"
    folder: /srv/totalview/reports
  run_once: true

- name: One report of two slices
  totalview.exchange365.connector_report:
    folder: /srv/totalview/reports/fleet
    merge: [/srv/totalview/reports/east/report.json, /srv/totalview/reports/west/report.json]
"""

RETURN = r"""
files:
  description: Where each file lies, by its name.
  returned: success
  type: dict
  sample: {report.html: /srv/totalview/reports/report.html}
tenants:
  description: How many tenants the report tells of.
  returned: success, outside of check mode
  type: int
states:
  description: How many are in each state, the worst first.
  returned: success, outside of check mode
  type: dict
  sample: {failed: 1, complete: 9}
findings:
  description: How many findings nobody has accepted, by severity.
  returned: success, outside of check mode
  type: dict
  sample: {high: 0, medium: 2, low: 1}
"""
