# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.hyperv.replica.plugins.module_utils._surface.survey import estate, profile


def test_what_hosts_agree_on_is_in_force_and_what_they_differ_on_is_disputed() -> None:
    answers = {
        "hv-a": {"switches": {"wql": "answered", "null_outputs": "nil"}, "unknown": ["first_page", "wmi_errors"]},
        "hv-b": {"switches": {"wql": "answered", "null_outputs": "absent", "first_page": "page"}, "unknown": []},
    }

    assert profile(answers) == {
        "schema_version": 1,
        "hosts": ["hv-a", "hv-b"],
        "switches": {"wql": "answered", "first_page": "page"},
        "disputed": {"null_outputs": {"hv-a": "nil", "hv-b": "absent"}},
        "unknown": ["wmi_errors"],
    }


def test_an_estate_has_its_version_and_the_switches_as_texts() -> None:
    host = {"name": "HV-A", "vms": [{"guid": "G", "name": "SQL01"}]}

    assert estate([host], "ours", {"finished_job_lifetime": 77}) == {
        "schema_version": 1,
        "name": "ours",
        "switches": {"finished_job_lifetime": "77"},
        "hosts": [host],
    }
