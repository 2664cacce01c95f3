#!/usr/bin/python
# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_replica_verify
short_description: Assert where replicated virtual machines run and how well they are
version_added: 0.1.0
author:
  - The hyperv.replica authors (@hyperv-replica)
description:
  - Looks at the task's host, and with O(peer) at both ends, and gives a verdict for each virtual machine. Changes
    nothing.
  - With O(plan) it runs on the controller and looks at all hosts of a recovery plan at the same time. No virtual
    machine waits for another one or for another one's host, and each host is asked one query per class, whatever the
    number of virtual machines.
  - Several checks are made for each one. Where it runs, replication health, age of the last replication, heartbeat and
    addresses of the guest, and probes of what the guest serves.
options:
  vms:
    description:
      - Names or GUIDs of the virtual machines, as the task's host knows them. Nothing else is touched.
      - A name that two virtual machines share is refused with both GUIDs. A test copy never matches a name.
      - With O(plan) those of the plan that are meant. All of them when not given.
      - Required without O(plan).
    type: list
    elements: str
  plan:
    description:
      - A recovery plan, as M(hyperv.replica.hyperv_replica_recovery_plan) takes it. The task runs on the controller
        (C(delegate_to=localhost)) and opens every host of the plan by the inventory.
      - Of each virtual machine C(probes) are asked, but for those that are task files, C(limits.rpo) is O(max_rpo), and
        C(probe_within) or C(limits.rto) is O(within).
      - One whose host does not answer fails, and no other one does.
    type: dict
  at:
    description: With O(plan), at which end they shall be. That is then the task's host for O(expect).
    type: str
    choices: [home, recovery]
    default: home
  since:
    description:
      - With O(plan), when each virtual machine was taken away from its users, by its name in the plan. Its
        C(probe_within) or C(limits.rto) counts from there, or else from now.
    type: dict
  simulated_hosts:
    description: With O(plan), inventory hosts that are simulated, as O(simulated_guests) for the guests on them.
    type: list
    elements: str
  simulated_rate:
    description: With O(plan), how many times as fast as real time the hosts run; the limits are in the hosts' time.
    type: float
    default: 1.0
  peer:
    description:
      - Inventory name of the host at the other end, or V(auto) to find it by the names of the relationship.
      - With it, a copy that runs at both ends and a peer that is not the other end are found too.
      - An inventory group with C(hyperv_cluster_name) stands for all nodes of a failover cluster, and so does each of
        its hosts.
    type: str
  expect:
    description:
      - V(protected_here), it runs on the task's host, which is the primary and replicates.
      - V(served_here), it runs on the task's host.
      - V(replica_here), the task's host holds its replica, which is not running.
      - V(any), wherever it is.
    type: str
    choices: [protected_here, served_here, replica_here, any]
    default: protected_here
  require_health:
    description:
      - V(ok) takes replication health OK only. V(warning) takes Warning too, which lingers for a whole monitoring
        interval after its cause is gone.
    type: str
    choices: [ok, warning]
    default: warning
  max_rpo:
    description:
      - How old the last replication may be, with its unit and in quotes, such as V(15m). Measured on the host's own
        clock.
      - Not checked when not given.
    type: str
  heartbeat:
    description: Whether the heartbeat of the guest must be OK. Not asked of a replica.
    type: bool
    default: true
  addresses:
    description:
      - Addresses or networks such as V(192.0.2.0/24). Each guest must have an address that is one of them or lies in
        one.
    type: list
    elements: str
  limits:
    description: What holds for one virtual machine, instead of what holds for all.
    type: list
    elements: dict
    suboptions:
      vm:
        description: Its name or GUID, as in O(vms).
        type: str
        required: true
      max_rpo:
        description: As O(max_rpo).
        type: str
      within:
        description: As O(within).
        type: int
  simulated_guests:
    description:
      - The hosts are simulated, so that no network leads to a guest. Nothing is sent to one, and each probe is as good
        as the heartbeat of its guest.
    type: bool
    default: false
  concurrency:
    description: How many probes are out at the same time. Each has its own timeout, and none holds up another.
    type: int
    default: 32
  within:
    description:
      - Seconds in which everything may become good. What is not good yet is looked at again until then. V(0) looks
        once.
      - Without it V(0), or with O(plan) what the plan says of each virtual machine, and V(0) where it says nothing. A
        negative number counts as none.
    type: int
  fail_on:
    description:
      - V(fail) fails the task when a check fails. V(warn) fails it when a check only warns, too. V(never) reports.
    type: str
    choices: [fail, warn, never]
    default: fail
  timeout:
    description: Seconds for the whole task.
    type: int
    default: 900
  poll_interval:
    description: Upper bound, in seconds, of the time between two looks at a host.
    type: float
    default: 5.0
  progress:
    description: Live lines while waiting. V(auto), V(never) or a number of seconds.
    type: str
    default: auto
extends_documentation_fragment:
  - hyperv.replica.probes
  - hyperv.replica.attributes.looks
  - hyperv.replica.attributes.connection
seealso:
  - module: hyperv.replica.hyperv_replica_info
"""

EXAMPLES = r"""
- name: Everything is at home, protected, and the applications answer
  hyperv.replica.hyperv_replica_verify:
    vms: [SQL01, WEB01, DC01]
    peer: hv-b
    max_rpo: "15m"
    addresses: ["10.20.0.0/16"]
    probes:
      - vm: SQL01
        tcp: 1433
      - vm: WEB01
        http:
          url: https://www.example.com/health
          contains: "status: ok"
          certificate_days: 30
      - vm: DC01
        dns:
          name: www.example.com
          server: 10.20.0.10
          expect: [10.20.0.21]
    within: 300

- name: Everything of the plan is served at the recovery site, each within its own recovery time
  hyperv.replica.hyperv_replica_verify:
    plan: "{{ hyperv_replica_plan }}"
    at: recovery
  delegate_to: localhost

- name: Is the replica side ready
  hyperv.replica.hyperv_replica_verify:
    vms: [SQL01, WEB01]
    expect: replica_here
    require_health: ok
    fail_on: warn
"""

RETURN = r"""
msg:
  description: The verdict in plain words, with each check that failed.
  returned: always
  type: str
  sample: 2 VMs passed.
summary:
  description: How many virtual machines passed, passed with a warning, or failed.
  returned: always
  type: dict
  sample: {passed: 2, warned: 0, failed: 0}
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
      description: Its GUID.
      type: str
      returned: always
    verdict:
      description: V(passed), V(warned) or V(failed).
      type: str
      returned: always
    now:
      description: One line that says where the virtual machine is, or what is unknown.
      type: str
      returned: always
      sample: runs on hv-a, protected (replicates to hv-b)
    recovered_at:
      description:
        - When it was seen to run on the task's host with all its probes green, which is when its recovery time ends.
          Heartbeat and addresses count as probes where they are asked for.
        - None when that was not seen.
      type: str
      returned: always
      sample: "2026-11-20T03:12:45+00:00"
    addresses:
      description: The addresses that its guest tells. Empty where nothing of the guest was asked for.
      type: list
      elements: str
      returned: always
    failing:
      description: What did not pass, in a few words. Empty when everything did.
      type: str
      returned: always
    rpo_seconds:
      description: Age of the last replication on the host's own clock.
      type: float
      returned: always
    checks:
      description: What was checked.
      type: list
      elements: dict
      returned: always
      contains:
        check:
          description: V(state), V(health), V(rpo), V(heartbeat), V(addresses), V(tcp), V(http) or V(dns).
          type: str
          returned: always
        result:
          description: V(pass), V(warn), V(fail) or V(not_checked).
          type: str
          returned: always
        found:
          description: What was seen.
          type: str
          returned: always
        wanted:
          description: What was asked for.
          type: str
          returned: always
not_reached:
  description: Hosts where virtual machines of O(plan) shall be, and which did not answer.
  returned: with O(plan)
  type: list
  elements: str
  sample: []
skew:
  description: How many seconds the clock of each host is ahead of the controller's.
  returned: always
  type: dict
  sample: {hv-a: 0.4, hv-b: -1.2}
exchanges:
  description: HTTP requests after the sign-in, by host.
  returned: always
  type: dict
  sample: {hv-a: 9, hv-b: 9}
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

from ansible_collections.hyperv.replica.plugins.module_utils._surface.specs import VERIFY


def main() -> None:
    """Say where the work is done; the spec is here so that it is checked against the documentation."""
    module = AnsibleModule(**VERIFY, supports_check_mode=True)
    module.fail_json(msg="hyperv_replica_verify works through its action plugin of the same name")


if __name__ == "__main__":
    main()
