# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that more than one module has."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of how a run over a plan goes, and what it takes to run on the controller."""

    DOCUMENTATION = r"""
options:
  timeout:
    description:
      - Seconds for the whole task. When they have passed, nothing is cancelled on the hosts; running jobs are listed
        in the result by id and percent, and the error's kind is V(timed_out).
    type: int
    default: 3600
  poll_interval:
    description:
      - Upper bound, in seconds, of the time between two polls of a host. The poll is adaptive and begins shorter.
      - One poll serves all virtual machines of the task, and reads only what they wait for.
    type: float
    default: 5.0
  concurrency:
    description:
      - How many virtual machines may have a step outstanding at the same time. Where the plan says so too, the lower
        number counts; where neither does, it is 10.
    type: int
  progress:
    description:
      - Live lines for jobs and waits that take long. V(auto) prints on change and now and then, V(never) nothing,
        a number of seconds at most one line per virtual machine in that time.
      - Nothing is printed for a task with C(no_log).
    type: str
    default: auto
  journal_dir:
    description:
      - Directory on the controller to which the records of the run are appended and flushed before each request that
        changes something and after each answer, so that a run that was killed leaves its trace.
      - The same records are returned as RV(ignore:records).
    type: path
"""

    CONTROLLER = r"""
options: {}
requirements:
  - Python 3.10 or later on the controller
  - pypsrp on the controller for hosts with the C(psrp) connection
  - pywinrm on the controller for hosts with the C(winrm) connection
notes:
  - The task runs on the controller, whatever its connection is. The hosts of the plan must be in the inventory, with
    the connection P(ansible.builtin.psrp#connection) or P(ansible.builtin.winrm#connection); they need not be in the
    play. Their variables, and the play's, say how they are reached. No shell is opened, no PowerShell runs, nothing is
    copied to a host and no credential is passed from one host to another.
  - The accounts must be members of Hyper-V Administrators (or Administrators) on their hosts. C(become) is refused.
  - B(No Windows host has been seen yet.) All tests run against the simulator of this collection, which was written from
    Microsoft's published pages.
"""
