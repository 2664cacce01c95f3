# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry of a host, as far as it holds settings of replication (KB 2767928); it can be read and not written."""

from __future__ import annotations

from typing import Final

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.case import Case
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import MethodResult
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import Host

#: HKEY_LOCAL_MACHINE (WinReg.h), which is also what is taken where no tree is named (page GetDWORDValue).
_LOCAL_MACHINE: Final = 0x80000002
_REPLICATION: Final = "software\\microsoft\\windows nt\\currentversion\\virtualization\\replication"
#: ERROR_FILE_NOT_FOUND of winerror.h, for a key and for a value that are not there.
_NOT_THERE: Final = 2


def get_number(case: Case) -> MethodResult:
    """Page getdwordvalue-method-in-class-stdregprov: 0 with uValue, or a number of winerror.h."""
    tree = case.argument("hDefKey")
    key = str(case.argument("sSubKeyName") or "").strip("\\").casefold()
    here = tree in (None, _LOCAL_MACHINE) and key == _REPLICATION
    value = _values(case.host).get(str(case.argument("sValueName") or "").casefold()) if here else None
    return MethodResult(_NOT_THERE) if not value else MethodResult(0, None, {"uValue": value})


def _values(host: Host) -> dict[str, int]:
    return {"maximumactivetransfers": host.maximum_active_transfers}
