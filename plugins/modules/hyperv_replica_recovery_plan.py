#!/usr/bin/python
# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_replica_recovery_plan
short_description: Move the virtual machines of a recovery plan in one run
version_added: 0.1.0
author:
  - The hyperv.replica authors (@hyperv-replica)
description:
  - Takes all virtual machines of a plan, or some of them, to their recovery hosts or home, over any number of pairs of
    hosts at once. Runs on the controller and opens every host of the plan by its inventory name, as C(delegate_to)
    would.
  - A planned move shuts down in the reverse of the start order, switches when all are off, then starts tier after tier.
    A virtual machine starts when the probes of those that it depends on are green. It counts as recovered when its own
    probes are green, and has failed when they are not in time, whatever the host says.
  - At no moment are there more steps, transfers or memory in use than the hosts and the plan allow. Who waits holds no
    slot.
  - Virtual machines that provide Kerberos, DNS, certificates or AWX move last and alone. After each of them both hosts
    are signed in to anew and the connection is tried from both sides.
  - Before anything moves it prints the predicted timetable, and afterwards what came of it. Hooks, pauses and probes
    that are task files are the roles' business.
  - A run that was cut off at any point is continued by running it again.
options:
  plan:
    description:
      - The recovery plan, as the documentation of the role P(hyperv.replica.failover#role) has it. Everything in it
        that cannot be followed is refused at once, before any host is asked.
    type: dict
    required: true
  to:
    description: To which side of the plan the virtual machines go.
    type: str
    choices: [recovery, home]
    required: true
  mode:
    description:
      - V(planned) needs both hosts of each virtual machine and loses nothing.
      - V(unplanned) is for a side that is lost. O(max_data_loss) and O(outage_began) are required then.
    type: str
    choices: [planned, unplanned]
    default: planned
  state:
    description:
      - As in M(hyperv.replica.hyperv_replica_failover). Without it V(planned) ends V(protected) and V(unplanned) ends
        V(running).
    type: str
    choices: [synced, switched_off, running, protected]
  vms:
    description: Names of virtual machines of the plan to take. All of them when left out.
    type: list
    elements: str
  tiers:
    description: Names of tiers of the plan to take. All of them when left out.
    type: list
    elements: str
  plan_shard:
    description:
      - Take only this part of the plan, such as V(2/3), the second of three. Virtual machines that depend on each other
        are always in one part.
      - In a planned move those that others need (C(provides)) are the last part, which is for after the other parts.
    type: str
  failed:
    description:
      - Names of virtual machines of the plan that failed in an earlier task. What depends on them, through others too,
        fails at once with the kind V(dependency).
    type: list
    elements: str
  served_before:
    description:
      - Names of the virtual machines of the plan that served users before an earlier task, of which this one is the way
        back or the continuation, as it told by RV(vms[].served_before). An empty list says that none did.
      - With V(as_source) of O(start) these are started, and of all others only those that run when this task begins.
        Without it, what the hosts show tells it, for as long as O(timeout) after they were shut down.
    type: list
    elements: str
  limits:
    description: Limits that lower those of the hosts and of the plan for this task.
    type: dict
    suboptions:
      concurrency:
        description: Virtual machines with a step outstanding at the same time.
        type: int
      active_transfers:
        description: Virtual machines that one host sends or receives at the same time.
        type: int
      winrm_operations:
        description: WinRM operations of one user on one host at the same time. This collection uses one.
        type: int
      memory_reserve:
        description:
          - Memory that stays free on every host, such as V(2GiB). With O(mode=unplanned) a reserve that is not kept is
            only warned of.
        type: str
  on_vm_failure:
    description:
      - What a failed virtual machine means for the others, for all tiers. Without it each tier says so itself.
      - V(stop) skips those that were not begun and brings those that wait to a resting state. V(walk_back) does the
        same here; the roles bring home afterwards what was moved. V(continue) goes on with all but its dependents.
    type: str
    choices: [stop, continue, walk_back]
  on_failure:
    description:
      - What is done with a virtual machine whose planned move fails after it was shut down, as in
        M(hyperv.replica.hyperv_replica_failover). V(roll_back) when left out on the way home, else
        V(start_unprotected).
    type: str
    choices: [roll_back, start_unprotected, stop]
  strategy:
    description:
      - How the data comes home, as in M(hyperv.replica.hyperv_replica_failback).
      - With V(new_copy) home need not have a copy of the virtual machines. First copies are made before anybody of the
        stage is shut down, and count as transfers.
    type: str
    choices: [auto, reverse, provider, new_copy]
    default: auto
  recovery_point_identifier:
    description: For V(provider) only. Sent to the provider as it is given.
    type: str
  simulated_guests:
    description: No network leads to the guests, as on simulated hosts; a probe is as good as the guest's heartbeat.
    type: bool
    default: false
  simulated_rate:
    description:
      - How many times as fast as real time simulated hosts run. Start delays are shortened by it, and what came of the
        timetable is given in simulated time.
    type: float
    default: 1.0
  recovery_point:
    description:
      - For V(unplanned) only. V(latest), V(latest_app_consistent), or the id or the name of a recovery point.
    type: str
    default: latest
  recovery_point_before:
    description:
      - For V(unplanned) only. The newest recovery point that is not younger than this time, with its offset from UTC.
    type: str
  max_data_loss:
    description:
      - How much may be lost, from O(outage_began) to the recovery point, with its unit and in quotes, such as V(90s),
        V(15m) or V(2h). Nothing is done if the recovery point is older.
      - Required for V(unplanned). There is no default.
    type: str
  outage_began:
    description:
      - When the primary was lost, with its offset from UTC and in quotes, such as V(2026-11-20T03:00:00+01:00).
        V(from_last_replication) takes the time of the last replication where nobody knows.
      - Required for V(unplanned).
    type: str
  declared_at:
    description: When the disaster was declared, with its offset from UTC. C(rto_from_declaration) counts from
      it.
    type: str
  primary_confirmed_down:
    description:
      - For V(unplanned) when the primary does not answer. Who says that it is down, how that is known, and the ticket.
        It counts only while the primary really does not answer, and goes into the evidence.
    type: str
  commit:
    description:
      - For V(unplanned) only. When the failover is made final. B(This merges the recovery points), after which no other
        one can be chosen.
      - V(verified) starts it apart from its network first, on O(verify_networks) or else on the test network that
        O(plan) has for it. It is committed and comes back to its network when the heartbeat of its guest is OK and all
        its probes are green, but for those that are task files. Only then is started what depends on it.
    type: str
    choices: [never, now, verified]
    default: never
extends_documentation_fragment:
  - hyperv.replica.plans
  - hyperv.replica.operation.guest
  - hyperv.replica.operation.move
  - hyperv.replica.operation.consent
  - hyperv.replica.moves.fence
  - hyperv.replica.moves.verified
  - hyperv.replica.moves.new_copies
  - hyperv.replica.attributes
  - hyperv.replica.plans.controller
seealso:
  - module: hyperv.replica.hyperv_replica_failover
  - module: hyperv.replica.hyperv_replica_failback
  - module: hyperv.replica.hyperv_replica_verify
notes:
  - A host that cannot be reached fails its virtual machines (V(peer_unreachable)) and no others. The task ends FAILED
    with full results, never UNREACHABLE.
  - A planned move to V(protected) reverses the replication, which merges all recovery points of the replica.
"""

EXAMPLES = r"""
- name: What would be done, and how long it would take
  hyperv.replica.hyperv_replica_recovery_plan:
    plan: "{{ hyperv_replica_plan }}"
    to: recovery
  delegate_to: localhost
  check_mode: true
  diff: true

- name: Move the whole plan, planned
  hyperv.replica.hyperv_replica_recovery_plan:
    plan: "{{ hyperv_replica_plan }}"
    to: recovery
    expect_source_running: true
    journal_dir: "{{ playbook_dir }}/journals"
  delegate_to: localhost

- name: The home site is lost
  hyperv.replica.hyperv_replica_recovery_plan:
    plan: "{{ hyperv_replica_plan }}"
    to: recovery
    mode: unplanned
    max_data_loss: "15m"
    outage_began: "2026-11-20T03:05:00+01:00"
    primary_confirmed_down: "Night shift stands in front of dark racks, INC0099120"
  delegate_to: localhost

- name: Bring home what has a copy there, and make a new one of SQL01
  hyperv.replica.hyperv_replica_recovery_plan:
    plan: "{{ hyperv_replica_plan }}"
    to: home
    strategy: new_copy
    new_copy:
      vms: [SQL01]
      replica_servers:
        - {home: hv-a, replica_server: hv-a.example.com}
      assumed_bandwidth: 400
    sync_timeout: 14400
    timeout: 21600
  delegate_to: localhost

- name: Bring the second of three parts home
  hyperv.replica.hyperv_replica_recovery_plan:
    plan: "{{ hyperv_replica_plan }}"
    to: home
    plan_shard: 2/3
  delegate_to: localhost
"""

RETURN = r"""
changed:
  description: Whether a request that changes something was carried out, or may have been. In check mode, would be.
  returned: always
  type: bool
msg:
  description: What came of it, in plain words, with the error of each virtual machine that failed and where it is now.
  returned: always
  type: str
  sample: 12 VMs moved.
summary:
  description:
    - How many virtual machines ended with which outcome. In check mode V(moved) is replaced by V(planned).
  returned: when the hosts were asked
  type: dict
  sample: {moved: 12, already_there: 0, failed: 0, skipped: 0}
vms:
  description:
    - One entry for each virtual machine, in start order. It has all keys that
      RV(hyperv.replica.hyperv_replica_failover#module:vms) has, and these.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Its name in the plan.
      type: str
      returned: always
      sample: SQL01
    tier:
      description: Its tier in the plan.
      type: str
      returned: always
      sample: database
    outcome:
      description: V(moved), V(already_there), V(failed) or V(skipped). In check mode V(planned) instead of V(moved).
      type: str
      returned: always
      sample: moved
    now:
      description: One line that says where the virtual machine is now, or what is unknown.
      type: str
      returned: always
      sample: runs on hv-b, protected (replicates to hv-a)
    predicted_seconds:
      description: When it was predicted to be served again, in seconds since the run began; null without a schedule.
      type: float
      returned: always
    starts:
      description: Whether it is started at its destination; one that was off stays off.
      type: bool
      returned: always
    served_before:
      description: Whether it served users when it all began, for O(served_before) of a way back.
      type: bool
      returned: always
    recovered_at:
      description: When all its probes were green first. C(served_at) is the same moment, and the RTO ends there.
      type: str
      returned: always
    error:
      description:
        - What went wrong; null when nothing did. Beside the kinds of M(hyperv.replica.hyperv_replica_failover) there
          are V(dependency), one that it depends on failed; V(plan_stopped), another one failed and the plan stops;
          V(probe_failed), it runs and does not serve; V(no_memory), its host has no room for it. What never fits is
          told from the first look, before anything is changed, and in check mode too.
      type: dict
      returned: always
stages:
  description:
    - What is moved whole, one after the other, each as a list of groups that are started one after the other. Each has
      C(tier), C(vms), C(before), C(after), C(pause_before), C(pause_after), C(on_vm_failure) and C(probes) (those that
      are task files), as the plan writes them.
  returned: when the hosts were asked
  type: list
  elements: list
schedule:
  description:
    - What was predicted, beside what came of it, in seconds since the run began. C(way) is how the virtual machines
      follow each other, C(predicted_seconds) and C(actual_seconds) are of the whole, C(lines) is the timetable as text,
      C(compared) what came of it as text.
    - C(vms) has for each virtual machine C(name), C(tier), C(stage), C(source), C(target), C(predicted) (begin and end
      of each part), C(predicted_seconds), C(predicted_rto_seconds), C(rto_limit_seconds), C(actual_seconds) and
      C(actual_rto_seconds).
  returned: when the hosts were asked
  type: dict
skew:
  description: How many seconds the clock of each host is ahead of the controller's.
  returned: when the hosts were asked
  type: dict
  sample: {hv-a: 0.4, hv-b: -1.2}
exchanges:
  description: HTTP requests after the sign-in, by host.
  returned: when the hosts were asked
  type: dict
  sample: {hv-a: 14, hv-b: 16}
consent:
  description: What was consented to (C(given)), and why (C(reason)).
  returned: when the hosts were asked
  type: dict
records:
  description: What was done when on which host, oldest first. See O(journal_dir).
  returned: when the hosts were asked
  type: list
  elements: dict
error:
  description: What went wrong before anything could be said of single virtual machines.
  returned: when the task failed as a whole
  type: dict
  sample: {kind: bad_plan}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hyperv.replica.plugins.module_utils._surface.plan_specs import RECOVERY_PLAN


def main() -> None:
    """Say where the work is done; the spec is here so that it is checked against the documentation."""
    module = AnsibleModule(**RECOVERY_PLAN, supports_check_mode=True)
    module.fail_json(msg="hyperv_replica_recovery_plan works through its action plugin of the same name")


if __name__ == "__main__":
    main()
