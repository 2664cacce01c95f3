#!/usr/bin/python
# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_replica_preflight
short_description: Assert that a move of replicated virtual machines may begin, and that there is a way home
version_added: 0.1.0
author:
  - The hyperv.replica authors (@hyperv-replica)
description:
  - Looks once at the task's host, where the virtual machines are to run afterwards, and at O(peer), where they run now,
    and holds some fifty rules against what both show. Changes nothing.
  - Each rule passes, warns, fails, or could not be checked, and says why, with its cause and remedy. A gate for each
    operation says whether a rule that does not hold blocks it, warns, or is of no interest. The guide "Preflight" of
    this collection lists all rules with their gates. Their ids are stable.
  - What could not be checked blocks O(operation=planned), O(operation=sync), O(operation=switch) and
    O(operation=new_copy) where the rule would block, and warns in the others. A peer that does not answer leaves its
    rules unchecked, so it does not stop O(operation=unplanned). A primary that runs always does.
  - The number of queries does not depend on the number of virtual machines. For O(operation=planned) and
    O(operation=switch) the task's host also tests, by Hyper-V's own connection test, whether it could replicate home.
options:
  vms:
    description:
      - Names or GUIDs of the virtual machines, as the task's host knows them. One that it does not have fails the rule
        V(present).
    type: list
    elements: str
    required: true
  peer:
    description:
      - Inventory name of the host that the virtual machines run on now, or V(auto) to find it by the names of the
        relationship.
      - Without it everything about the source is not checked.
    type: str
  operation:
    description:
      - What is to be done afterwards.
      - V(planned), a planned failover or a failback. V(unplanned), an unplanned failover. V(test), a test failover.
      - V(sync) and V(switch), a move with state V(synced) or V(switched_off).
      - V(new_copy), a failback with that strategy, for which the task's host need not have a copy.
    type: str
    choices: [test, planned, unplanned, sync, switch, new_copy]
    required: true
  planned_stay:
    description:
      - How long the virtual machines are to stay at the destination, with its unit. Certificates have to be valid until
        then.
    type: str
    default: 7d
  max_rpo:
    description: How old the last replication may be, with its unit, such as V(15m). For all virtual machines.
    type: str
  limits:
    description: The same for single virtual machines.
    type: list
    elements: dict
    suboptions:
      vm:
        description: Name or GUID, as in O(vms).
        type: str
        required: true
      rpo:
        description: How old its last replication may be.
        type: str
        required: true
  max_data_loss:
    description: What an unplanned failover may lose, as M(hyperv.replica.hyperv_replica_failover) takes it.
    type: str
  outage_began:
    description:
      - When the outage began, as M(hyperv.replica.hyperv_replica_failover) takes it. A replica that received something
        later has a live primary.
    type: str
  consent:
    description: Consents that the move will be given. What they allow does not fail here.
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
  provides:
    description: Which virtual machines of the plan provide a service that others stand on.
    type: list
    elements: dict
    suboptions:
      vm:
        description: Name of the virtual machine, be it among O(vms) or not.
        type: str
        required: true
      services:
        description: What it provides.
        type: list
        elements: str
        choices: [kdc, dns, awx, ca]
        required: true
  provided_elsewhere:
    description: Services that something outside the plan provides too.
    type: list
    elements: str
    choices: [kdc, dns, awx, ca]
  moving:
    description: Names of all virtual machines that the plan moves, also between other hosts. O(vms) if not given.
    type: list
    elements: str
  controller:
    description:
      - Names of the virtual machine that this run itself is in, such as AWX. If not given, what this machine calls
        itself is looked for among the names of the virtual machines and of their guests.
    type: list
    elements: str
  controller_needs:
    description:
      - Services that the controller cannot do without. If not given, V(kdc) where only Kerberos signs in to one of the
        hosts, and V(dns) where one of them is reached by a name.
    type: list
    elements: str
    choices: [kdc, dns, awx, ca]
  memory_reserve:
    description:
      - Memory that stays free on the task's host once all virtual machines have started, such as V(2GiB). Before an
        unplanned failover a reserve that is not kept is only warned of.
    type: str
    default: 2GiB
  min_free_space:
    description: Room that stays free on each volume that disks are on, such as V(10GiB). A twentieth at the least.
    type: str
    default: 10GiB
  connection_test:
    description: Whether the task's host tests the way home. Without it the rule V(connection_test) is not checked.
    type: bool
    default: true
  waive:
    description:
      - Rules that somebody decided to go on without. They do not count, and are returned apart for the report's first
        page.
      - V(wrong_peer) and V(split_brain) cannot be waived. A rule or a virtual machine that is not known is refused.
    type: list
    elements: dict
    suboptions:
      rule:
        description: Id of the rule.
        type: str
        required: true
      vm:
        description: Name or GUID, as in O(vms). All of them if not given. Rules about the hosts take none.
        type: str
      reason:
        description: Who decided it, and why.
        type: str
        required: true
  fail_on:
    description: Whether the task fails when something blocks, when something warns too, or never.
    type: str
    choices: [fail, warn, never]
    default: fail
  timeout:
    description: Seconds for the whole task.
    type: int
    default: 300
seealso:
  - module: hyperv.replica.hyperv_replica_failover
  - module: hyperv.replica.hyperv_replica_failback
  - module: hyperv.replica.hyperv_replica_verify
extends_documentation_fragment:
  - hyperv.replica.attributes.looks
  - hyperv.replica.attributes.connection
"""

EXAMPLES = r"""
- name: May these go to hv-b, and come home again within a month
  hyperv.replica.hyperv_replica_preflight:
    vms: [SQL01, WEB01]
    peer: hv-a
    operation: planned
    planned_stay: 30d
    max_rpo: "15m"
  delegate_to: hv-b

- name: The site is lost. What of the replica's side stands in the way
  hyperv.replica.hyperv_replica_preflight:
    vms: [SQL01, WEB01]
    peer: hv-a
    operation: unplanned
    outage_began: "2026-11-20T03:05:00+01:00"
    max_data_loss: "15m"
  delegate_to: hv-b

- name: A VLAN that differs on purpose
  hyperv.replica.hyperv_replica_preflight:
    vms: [SQL01]
    peer: hv-a
    operation: planned
    fail_on: warn
    waive:
      - rule: vlans
        vm: SQL01
        reason: The recovery site numbers its VLANs otherwise, CHG0042
  delegate_to: hv-b
"""

RETURN = r"""
msg:
  description: The verdict in plain words, with what blocks, its cause and its remedy.
  returned: always
  type: str
  sample: "Ready: 2 VMs, planned. Every rule that counts holds."
verdict:
  description: V(passed), V(warned), or V(failed) where something blocks.
  returned: always
  type: str
  sample: passed
operation:
  description: As it was asked for.
  returned: always
  type: str
summary:
  description: How many findings passed, warned, failed, were not checked or waived, and how many block.
  returned: always
  type: dict
  sample: {pass: 52, warn: 0, fail: 2, not_checked: 0, waived: 1, blocking: 1}
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
      description: Its GUID, or the name that was asked for where neither host has it.
      type: str
      returned: always
    direction:
      description: From which host to which it would go.
      type: str
      returned: always
      sample: hv-a → hv-b
    verdict:
      description: V(passed), V(warned) or V(failed), with the rules about the hosts counted for each.
      type: str
      returned: always
    blocked_by:
      description: Ids of the rules that block.
      type: list
      elements: str
      returned: always
rules:
  description: What each rule came to, for each virtual machine. A rule about the hosts comes once, with an empty V(vm).
  returned: always
  type: list
  elements: dict
  contains:
    rule:
      description: Id of the rule.
      type: str
      returned: always
      sample: switches
    vm:
      description: Name of the virtual machine, or empty.
      type: str
      returned: always
    host:
      description: Inventory name of the host that it was found on.
      type: str
      returned: always
    result:
      description: V(pass), V(warn), V(fail) or V(not_checked).
      type: str
      returned: always
    gate:
      description: V(block), V(warn) or V(ignore), what the rule does to this operation where it does not hold.
      type: str
      returned: always
    counts:
      description: What it does now. V(ignore) where it holds or was waived.
      type: str
      returned: always
    found:
      description: What was seen, or why it was not.
      type: str
      returned: always
    cause:
      description: Why that matters. Empty where the rule passes.
      type: str
      returned: always
    remedy:
      description: What would make it right. Empty where the rule passes.
      type: str
      returned: always
    waived:
      description: The reason of whoever waived it, or empty.
      type: str
      returned: always
waived:
  description: Those of the above that were waived, for the first page of the report.
  returned: always
  type: list
  elements: dict
skew:
  description: How many seconds the clock of each host is ahead of the controller's.
  returned: always
  type: dict
  sample: {hv-a: 0.4, hv-b: -1.2}
exchanges:
  description: HTTP requests after the sign-in, by host.
  returned: always
  type: dict
  sample: {hv-a: 26, hv-b: 31}
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

from ansible_collections.hyperv.replica.plugins.module_utils._surface.preflight_surface import PREFLIGHT


def main() -> None:
    """Say where the work is done; the spec is here so that it is checked against the documentation."""
    module = AnsibleModule(**PREFLIGHT, supports_check_mode=True)
    module.fail_json(msg="hyperv_replica_preflight works through its action plugin of the same name")


if __name__ == "__main__":
    main()
