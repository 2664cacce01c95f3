# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that more than one module has."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of how a run goes, of a move, of a guest's shutdown, and of consent."""

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
    description: How many virtual machines may have a step outstanding at the same time.
    type: int
    default: 10
  stop_on_error:
    description:
      - When V(true) and one virtual machine fails, those that were not begun are skipped, and those in motion go on
        to a resting state.
    type: bool
    default: false
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

    MOVE = r"""
options:
  sync_timeout:
    description: Seconds to wait until both copies are in sync, for instance after replication was reversed.
    type: int
    default: 1800
  max_downtime:
    description:
      - Seconds that a virtual machine may be without service during the move. When they have passed,
        O(on_failure) decides what is done.
      - No limit when not given.
    type: int
  start:
    description:
      - Whether the virtual machine is started at the destination. V(as_source) starts it when it was running at the
        source before the move.
    type: str
    choices: [as_source, always, never]
    default: as_source
  guest_timeout:
    description:
      - Seconds to wait until the heartbeat of a started guest is OK. V(0) does not ask the guest.
    type: int
    default: 300
  expect_source_running:
    description:
      - When V(true), a virtual machine that is in the asked state already is a failure and not V(already_there).
      - This guards against a run that is aimed at the wrong end. The roles of this collection set it.
    type: bool
    default: false
"""

    GUEST = r"""
options:
  guest_shutdown_timeout:
    description: Seconds to wait until a guest that was asked to shut down is off.
    type: int
    default: 300
  if_guest_stays_up:
    description:
      - What is done when the guest has not shut down within O(guest_shutdown_timeout).
      - V(turn_off) is like pulling the power cord. What the guest had not written to its disks is lost.
    type: str
    choices: [fail, turn_off]
    default: fail
"""

    CONSENT = r"""
options:
  consent:
    description:
      - What this run may lose or override, each by its name. Without it a path that needs one is refused before
        anything is changed, and the error says which one would make it legal and what is at stake.
      - V(resume_suspended), resume a replication that somebody paused, maybe on purpose.
      - V(resynchronize), compare and resend the disks. B(All recovery points are lost.)
      - V(discard_since_failover), throw away what was written at the replica since the failover.
      - V(discard_old_primary_data), overwrite what only the old primary has, written after its last delta or since
        it came back by itself.
      - V(turn_off_old_primary), turn off an old primary that is running. B(What its guest has not written is lost.)
      - V(discard_saved_state), drop the memory of a saved virtual machine.
      - V(remove_leftover_test_copy), remove a test copy that somebody left behind.
    type: list
    elements: str
    choices:
      - resume_suspended
      - resynchronize
      - discard_since_failover
      - discard_old_primary_data
      - turn_off_old_primary
      - discard_saved_state
      - remove_leftover_test_copy
  reason:
    description: Why O(consent) is given, and by whom. Goes into the result and the evidence. Required with O(consent).
    type: str
"""
