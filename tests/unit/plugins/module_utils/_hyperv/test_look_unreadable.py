# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    WireError,
)
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.naming import resolve
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._hyperv.scripted_host import (
    SQL01,
    WEB01,
    ScriptedHost,
    estate,
    open_host,
    vm,
)


@pytest.mark.parametrize("asked", ["SQL01", SQL01])
def test_an_unknown_number_is_an_error_for_whoever_asks_for_that_vm_and_names_it(asked: str) -> None:
    script = ScriptedHost(estate(vm(SQL01, "SQL01", ReplicationMode=9), vm(WEB01, "WEB01")))
    seen = open_host(script).look([])

    with pytest.raises(WireError, match=r"Msvm_ComputerSystem\.ReplicationMode is 9"):
        resolve([asked], seen)
    with pytest.raises(WireError):
        open_host(script).look([], [SQL01])


def test_an_unknown_number_of_one_vm_does_not_hide_its_neighbours() -> None:
    script = ScriptedHost(estate(vm(SQL01, "SQL01", ReplicationMode=9), vm(WEB01, "WEB01")))

    seen = open_host(script).look([])

    assert resolve(["WEB01"], seen) == {"WEB01": WEB01}
    assert [*seen.sides] == [WEB01]
