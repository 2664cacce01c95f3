# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from typing import Any

import pytest
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.plugin_utils._hosts import (
    open_host,
    refuse_one_machine,
    refuse_outside_rehearsal,
)


def connection(name: str, **variables: Any) -> Any:
    """One of core's own connections with these variables set, as a task would have it."""
    made = connection_loader.get(name, PlayContext())
    extras = {key: value for key, value in variables.items() if key.startswith("ansible_winrm_") and name == "winrm"}
    known = {"inventory_hostname": "hv-a", "ansible_user": "operator", "ansible_password": "Some-Secret-3"}
    made.set_options(var_options=known | variables | {"_extras": extras})
    return made


@pytest.mark.parametrize("name", ["psrp", "winrm"])
def test_a_host_is_opened_by_either_connection_without_a_socket(name: str) -> None:
    opened = open_host("hv-a", connection(name, ansible_host="hv-a.invalid"))

    assert (opened.name, opened.endpoint) == ("hv-a", "https://hv-a.invalid:5986/wsman")
    assert 0 < opened.operation_timeout < 30
    assert "Some-Secret-3" not in repr(opened)


@pytest.mark.parametrize("name", ["local", "ssh"])
def test_another_connection_is_refused_with_the_ways_out(name: str) -> None:
    with pytest.raises(PreconditionFailed, match="delegate_to.*add_host") as raised:
        open_host("hv-a", connection(name))

    assert raised.value.kind == "unsupported"


def test_two_names_of_one_machine_are_refused() -> None:
    home = open_host("hv-a", connection("psrp", ansible_host="192.0.2.1"))
    away = open_host("hv-b", connection("winrm", ansible_host="192.0.2.1"))

    with pytest.raises(PreconditionFailed, match="one machine"):
        refuse_one_machine(home, away)


def test_a_rehearsal_opens_none_but_its_simulated_hosts() -> None:
    simulated = open_host("hv-a", connection("psrp", ansible_host="127.0.0.1", ansible_port=4711))
    real = open_host("hv-b", connection("winrm", ansible_host="192.0.2.1"))

    refuse_outside_rehearsal(simulated, ["127.0.0.1:4711"])
    refuse_outside_rehearsal(real, [])
    with pytest.raises(PreconditionFailed, match="192.0.2.1:5986, which is not simulated") as raised:
        refuse_outside_rehearsal(real, ["127.0.0.1:4711"])
    assert raised.value.kind == "not_simulated"


@pytest.mark.parametrize("name", ["psrp", "winrm"])
def test_variables_that_are_null_are_as_good_as_not_set(name: str) -> None:
    blank = {
        f"ansible_{name}_host": None,
        f"ansible_{name}_port": None,
        "ansible_winrm_read_timeout_sec": None,
        "ansible_winrm_service": None,
    }

    opened = open_host("hv-a", connection(name, ansible_host="127.0.0.1", ansible_port=4711, **blank))

    assert ":4711/" in opened.endpoint


def test_closing_a_host_that_was_never_asked_leaves_the_credential_cache_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KRB5CCNAME", "FILE:/mine")
    opened = open_host("hv-a", connection("winrm", ansible_user="operator@CORP.EXAMPLE"))

    opened.close()

    assert opened.uses_tickets
    assert os.environ["KRB5CCNAME"] == "FILE:/mine"
