# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people run today: scripts, by pywinrm, by pypsrp with a runspace for each call, and with an open pool."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import winrm
from pypsrp.client import Client
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from ansible_collections.hyperv.replica.tests.benchmark.shells import basic

#: Runs one script and gives what it wrote.
Run = Callable[[str], str]

#: What a script written as well as it can be asks for, to bring one VM home; each line is one call, and each cmdlet
#: waits on the host for what it began, at no cost. What comes after these is one call of ``POLL`` for each poll.
FAILBACK = (
    "Get-VMReplication -VMName WEB01                                      # at home: may it come home?",
    "Get-VMReplication -VMName WEB01                                      # away: is it healthy there?",
    "Stop-VM -Name WEB01                                                  # away, waits until it is off",
    "Start-VMFailover -VMName WEB01 -Prepare -Confirm:$false              # away, waits for the last changes",
    "Start-VMFailover -VMName WEB01 -Confirm:$false                       # at home",
    "Set-VMReplication -VMName WEB01 -Reverse                             # at home",
    "Start-VM -Name WEB01                                                 # at home",
)
POLL = "Get-VMReplication -VMName WEB01; Get-VMIntegrationService -VMName WEB01 -Name Heartbeat"
STATE_OF_ONE = "Get-VMReplication -VMName WEB01 | ConvertTo-Json"
STATE_OF_ALL = "Get-VMReplication | ConvertTo-Json"


@contextlib.contextmanager
def by_pywinrm(port: int) -> Iterator[Run]:
    """``Session.run_ps``."""
    session = winrm.Session(f"http://127.0.0.1:{port}/wsman", ("somebody", "something"), transport="basic", proxy=None)
    yield lambda script: session.run_ps(script).std_out.decode()


@contextlib.contextmanager
def by_runspace(port: int) -> Iterator[Run]:
    """``Client.execute_ps``."""
    with Client(**basic(port)) as client:
        yield lambda script: str(client.execute_ps(script)[0])


@contextlib.contextmanager
def by_open_pool(port: int) -> Iterator[Run]:
    """One RunspacePool for all scripts; its opening is done before, its end comes after."""
    with WSMan(**basic(port)) as wsman, RunspacePool(wsman) as pool:

        def run(script: str) -> str:
            shell = PowerShell(pool)
            shell.add_script(script)
            return "".join(str(line) for line in shell.invoke())

        yield run


WAYS = {
    "pywinrm run_ps": by_pywinrm,
    "pypsrp runspace per call": by_runspace,
    "pypsrp open pool": by_open_pool,
}
