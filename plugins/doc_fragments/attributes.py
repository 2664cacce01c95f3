# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every module of this collection says of itself."""

from __future__ import annotations


class ModuleDocFragment:
    """Attributes of modules that change something, of those that only look, and what the connection must be."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    support: full
    description:
      - Can run in check mode and return the plan of each virtual machine. No request that changes anything is sent.
  diff_mode:
    support: full
    description: Returns where each virtual machine is, and the plan as text that a person reads.
  async:
    support: none
    description: Supports being used with the C(async) keyword.
  action:
    support: full
    description: Works in an action plugin, in the controller's process.
  platform:
    support: full
    platforms: windows
    description: Target OS/families that can be operated against.
  action_group:
    support: full
    description: Is in the action group V(hyperv.replica.replica), for C(module_defaults).
    membership:
      - hyperv.replica.replica
"""

    LOOKS = r"""
options: {}
attributes:
  check_mode:
    support: full
    description: Changes nothing, in check mode or not.
  diff_mode:
    support: none
    description: Has nothing to show as a difference.
  async:
    support: none
    description: Supports being used with the C(async) keyword.
  action:
    support: full
    description: Works in an action plugin, in the controller's process.
  platform:
    support: full
    platforms: windows
    description: Target OS/families that can be operated against.
  action_group:
    support: full
    description: Is in the action group V(hyperv.replica.replica), for C(module_defaults).
    membership:
      - hyperv.replica.replica
"""

    CONNECTION = r"""
options: {}
requirements:
  - Python 3.10 or later on the controller
  - pypsrp on the controller for hosts with the C(psrp) connection
  - pywinrm on the controller for hosts with the C(winrm) connection
notes:
  - The host's connection must be P(ansible.builtin.psrp#connection) or P(ansible.builtin.winrm#connection). Its
    address, credentials and TLS options are used to speak WS-Management with the host. No shell is opened, no
    PowerShell runs, nothing is copied to the host and no credential is passed from one host to another.
  - The account must be a member of Hyper-V Administrators (or Administrators) on the host. C(become) is refused.
  - A task's own host that cannot be reached at the first look ends UNREACHABLE. A peer that is away, or any host that
    is lost later, ends FAILED with full results, so that C(rescue) and C(always) run.
  - B(No Windows host has been seen yet.) All tests run against the simulator of this collection, which was written from
    Microsoft's published pages.
"""
