#!/usr/bin/python
# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_replica_failover
short_description: Move Hyper-V Replica virtual machines to their replica host
version_added: 0.1.0
author:
  - The hyperv.replica authors (@hyperv-replica)
description:
  - The virtual machine is served on the replica host. The task's host is the replica host, O(peer) is the primary.
  - O(mode=planned) shuts the guest down, sends the last delta and loses nothing. O(mode=unplanned) starts from a
    recovery point because the primary is gone, and loses what was written after it.
  - Looks at both hosts, works out a legal path from what it sees to O(state), takes it step by step, looking again
    before each step that changes something, and ends by looking whether O(state) is there. Nothing is remembered
    between runs. A run that was cut off at any point is continued by running it again.
options:
  vms:
    description:
      - Names or GUIDs of the virtual machines, as the task's host knows them. Nothing else is touched.
      - A name that two virtual machines share is refused with both GUIDs. A test copy never matches a name.
    type: list
    elements: str
    required: true
  peer:
    description:
      - Inventory name of the primary, or V(auto) to find it by the names of the relationship.
      - It is needed for an unplanned failover too, since the primary has to be looked for before another copy is
        started.
      - An inventory group with C(hyperv_cluster_name) stands for all nodes of a failover cluster, and so does each of
        its hosts.
    type: str
    required: true
  mode:
    description: Whether the primary is there (V(planned)) or lost (V(unplanned)). This is never guessed.
    type: str
    choices: [planned, unplanned]
    required: true
  state:
    description:
      - V(synced), the source serves the users and both copies are in sync.
      - V(switched_off), the source is off and locked, its last delta is here. B(Nobody is served.)
      - V(running), it runs here.
      - V(protected), it runs here and replicates to the peer. This merges the recovery points.
      - They are ordered, and a later one satisfies an earlier one.
      - Without it, O(mode=planned) ends V(protected) and O(mode=unplanned) ends V(running). The latter takes
        V(running) and V(protected) only, and V(protected) only if the peer answers.
    type: str
    choices: [synced, switched_off, running, protected]
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
    description: When the disaster was declared, with its offset from UTC. RV(vms[].rto_from_declaration) counts from
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
        one can be chosen. V(verified) starts it apart from its network, and commits when its guest is found good.
    type: str
    choices: [never, now, verified]
    default: never
  on_failure:
    description:
      - For V(planned) only. What is done when the move fails after the virtual machine was shut down.
      - V(roll_back) starts it at the source again, as long as nothing was started here. V(start_unprotected) starts it
        here without replication. V(stop) leaves it as it is and says so.
    type: str
    choices: [roll_back, start_unprotected, stop]
    default: start_unprotected
extends_documentation_fragment:
  - hyperv.replica.operation
  - hyperv.replica.operation.guest
  - hyperv.replica.operation.move
  - hyperv.replica.operation.consent
  - hyperv.replica.moves.fence
  - hyperv.replica.moves.verified
  - hyperv.replica.probes
  - hyperv.replica.attributes
  - hyperv.replica.attributes.connection
seealso:
  - module: hyperv.replica.hyperv_replica_failback
  - module: hyperv.replica.hyperv_replica_failover_cancel
  - module: hyperv.replica.hyperv_replica_verify
notes:
  - A planned failover to V(protected) reverses the replication, which merges all recovery points of the replica.
  - Two copies of a virtual machine are never run at once. If the time of the last replication advances while the
    primary does not answer, the primary is alive and the failover is refused whatever was consented.
"""

EXAMPLES = r"""
- name: What a planned failover would do
  hyperv.replica.hyperv_replica_failover:
    vms: [SQL01, WEB01]
    peer: hv-a
    mode: planned
  check_mode: true
  diff: true

- name: Planned failover to this host
  hyperv.replica.hyperv_replica_failover:
    vms: [SQL01, WEB01]
    peer: hv-a
    mode: planned
    expect_source_running: true
    max_downtime: 900

- name: The primary is lost, start here from the newest recovery point
  hyperv.replica.hyperv_replica_failover:
    vms: [SQL01, WEB01]
    peer: hv-a
    mode: unplanned
    max_data_loss: "15m"
    outage_began: "2026-11-20T03:05:00+01:00"
    primary_confirmed_down: "Night shift stands in front of dark racks, INC0099120"

- name: Ransomware since yesterday evening, start from before it and keep the way to other points open
  hyperv.replica.hyperv_replica_failover:
    vms: [FILES01]
    peer: hv-a
    mode: unplanned
    recovery_point_before: "2026-11-19T18:00:00+01:00"
    max_data_loss: "24h"
    outage_began: "2026-11-20T08:00:00+01:00"
    consent: [turn_off_old_primary]
    reason: "CISO decided at 08:20, INC0099131"
    commit: never
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
  sample: 2 VMs moved, 1 VM already there.
summary:
  description:
    - How many virtual machines ended with which outcome. In check mode V(moved) is replaced by V(planned).
  returned: when the virtual machines were found
  type: dict
  sample: {moved: 2, already_there: 1, failed: 0, skipped: 0}
vms:
  description: One entry for each virtual machine.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the virtual machine.
      type: str
      returned: always
      sample: SQL01
    id:
      description: Its GUID, which is the same on both hosts.
      type: str
      returned: always
      sample: 8E2B4F6A-7C1D-4E3B-9A54-0D2F6B8C1E90
    direction:
      description: From the source to the destination.
      type: str
      returned: always
      sample: hv-a → hv-b
    outcome:
      description: V(moved), V(already_there), V(failed) or V(skipped). In check mode V(planned) instead of V(moved).
      type: str
      returned: always
      sample: moved
    changed:
      description: The same as RV(changed), of this virtual machine.
      type: bool
      returned: always
    now:
      description: One line that says where the virtual machine is now, or what is unknown.
      type: str
      returned: always
      sample: runs on hv-b, protected (replicates to hv-a)
    before:
      description: Both ends before anything was done. Every state is given as C(number) and C(name).
      type: dict
      returned: always
      contains:
        destination:
          description: >-
            What the destination showed. C(host), C(vm_name), C(power), C(mode), C(state), C(health),
            C(last_replicated), C(start_action), C(test_copy), C(guest) and the running C(jobs); or C(host), C(why) and
            C(said) where nothing is known.
          type: dict
          returned: always
        source:
          description: What the source showed, in the same form.
          type: dict
          returned: always
    after:
      description: Both ends when the run ended, in the same form.
      type: dict
      returned: always
    plan:
      description:
        - The steps that were decided before anything was asked for, in their order. Their keys are C(host), C(end)
          (V(destination) or V(source)), C(method), C(mutates), C(arguments), C(expects), C(loses) (V(nothing),
          V(recovery_points), V(writes) or V(saved_state)), C(can_be_undone), C(consent), C(contingent) (taken only if
          the host asks for it), C(expected_seconds) and C(why).
      type: list
      elements: dict
      returned: always
    performed:
      description:
        - The calls that were sent, in their order. Beside the keys of RV(vms[].plan) they have C(started), C(ended),
          C(seconds), C(job_id), C(return_code) (number and name) and C(outcome), which is V(done), V(refused),
          V(failed) or V(unknown).
      type: list
      elements: dict
      returned: always
    rescue:
      description: >-
        What O(on_failure) did, empty when nothing had to be rescued. One of V(rolled_back), V(started_unprotected),
        V(stopped) and V(failed).
      type: str
      returned: always
    strategy:
      description: How the data came home; null where there is nothing to choose.
      type: str
      returned: always
    recovery_point:
      description: The recovery point that was used; null for planned moves.
      type: dict
      returned: always
    rpo_seconds:
      description: Seconds of writes that were lost, from the outage to the recovery point. V(0) for a planned move.
      type: float
      returned: always
    rpo_proof:
      description: How RV(vms[].rpo_seconds) is known.
      type: str
      returned: always
    point_age_seconds:
      description: Age of the recovery point on the destination's own clock.
      type: float
      returned: always
    outage_began:
      description: When users lost the service. For a planned move, when the guest was asked to shut down.
      type: str
      returned: always
    served_at:
      description: When users were served again.
      type: str
      returned: always
    rto_from_outage:
      description: Seconds from RV(vms[].outage_began) to RV(vms[].served_at).
      type: float
      returned: always
    rto_from_declaration:
      description: Seconds from the declaration to RV(vms[].served_at).
      type: float
      returned: always
    execution_seconds:
      description: Seconds from the first call that was sent to the last answer.
      type: float
      returned: always
    facts:
      description: What else was found out about this virtual machine.
      type: dict
      returned: always
    warnings:
      description: What the operator should know although it did not stop the run.
      type: list
      elements: str
      returned: always
    error:
      description: What went wrong; null when nothing did. The same keys as RV(error).
      type: dict
      returned: always
exchanges:
  description: HTTP requests after the sign-in, by host.
  returned: when the virtual machines were found
  type: dict
  sample: {hv-a: 14, hv-b: 16}
consent:
  description: What was consented to (C(given)), and why (C(reason)).
  returned: when the virtual machines were found
  type: dict
records:
  description: What was done when on which host, oldest first. See O(journal_dir).
  returned: when the virtual machines were found
  type: list
  elements: dict
error:
  description: What went wrong before anything could be said of single virtual machines.
  returned: when the task failed as a whole
  type: dict
  contains:
    kind:
      description: >-
        A word that playbooks may decide by, such as V(wrong_peer), V(peer_unreachable), V(connection_lost),
        V(primary_alive), V(split_brain), V(consent_needed), V(changed_by_other), V(no_such_vm), V(ambiguous_name),
        V(not_in_sync), V(access_refused), V(data_loss), V(refused), V(job_failed), V(timed_out) or V(bad_option).
      type: str
      returned: always
    code:
      description: The number that the host gave, if any.
      type: int
      returned: always
    code_name:
      description: What Microsoft calls that number.
      type: str
      returned: always
    found:
      description: What was seen.
      type: str
      returned: always
    cause:
      description: Why, as far as it is known.
      type: str
      returned: always
    remedy:
      description: What would make it right.
      type: str
      returned: always
    next:
      description: What to do now.
      type: str
      returned: always
    detail:
      description: The host's own words, in the host's language.
      type: str
      returned: always
    host:
      description: Inventory name of the host.
      type: str
      returned: always
    vm:
      description: Name of the virtual machine.
      type: str
      returned: always
    consent:
      description: The consents that would make a path legal.
      type: list
      elements: str
      returned: always
    msg:
      description: All of it in one line.
      type: str
      returned: always
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hyperv.replica.plugins.module_utils._surface.specs import FAILOVER


def main() -> None:
    """Say where the work is done; the spec is here so that it is checked against the documentation."""
    module = AnsibleModule(**FAILOVER, supports_check_mode=True)
    module.fail_json(msg="hyperv_replica_failover works through its action plugin of the same name")


if __name__ == "__main__":
    main()
