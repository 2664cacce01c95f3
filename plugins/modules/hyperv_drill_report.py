#!/usr/bin/python
# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_drill_report
short_description: Write the evidence bundle of a disaster recovery drill
version_added: 0.1.0
author:
  - The hyperv.replica authors (@hyperv-replica)
description:
  - Puts what the stages of a drill returned, and the journals of their runs, together into one folder with
    C(evidence.json) (every fact, chained by hashes), C(report.html) (one file for people), C(junit.xml) and
    C(metrics.prom).
  - Decides whether the drill passed. It did if it had a stage, no stage and no virtual machine failed, every RPO and
    RTO of the plan was kept, and nothing is in O(failures).
  - The same input gives the same bytes, so a second run changes nothing. Passwords that the play knows, what is called
    one, and what stands before an C(@) in a URL are left out of everything that is written.
  - Works on the controller, on a host whose connection is C(local).
options:
  path:
    description:
      - The folder of the bundle. It is made if it does not exist.
      - A relative path, here and in the other options, begins at the variable C(hyperv_replica_project_dir), or else
        where C(ansible-playbook) was called.
    type: path
    required: true
  plan:
    description: The recovery plan that was drilled.
    type: dict
    required: true
  stages:
    description:
      - The stages in the order in which they ran, each with C(stage) (what people call it), C(kind) (V(preflight),
        V(failover), V(failback), V(verify), V(test_failover), V(cleanup) or V(walk_back)), C(began) and C(ended) (with
        their offset), C(failed), C(said) and C(results).
      - C(results) has what the modules returned, unchanged, as C(vms), C(records), C(exchanges), C(schedule) and
        C(rules). What is missing is left out of the report.
    type: list
    elements: dict
    required: true
  id:
    description: What the drill is called. Without it, when it began and the name of the plan.
    type: str
    default: ""
  scope:
    description: What kind of drill it was, such as V(full_move) or V(isolated_test).
    type: str
    default: ""
  reason:
    description: Why there was a drill, or a consent.
    type: str
    default: ""
  consent:
    description: What was consented to, by the names of O(hyperv.replica.hyperv_replica_failover#module:consent).
    type: list
    elements: str
    default: []
  waive:
    description: Rules of preflight that were waived. What preflight itself says to be waived is added.
    type: list
    elements: dict
    default: []
    suboptions:
      rule:
        description: Id of the rule.
        type: str
        required: true
      vm:
        description: The virtual machine for which it was waived.
        type: str
        default: ""
      reason:
        description: Why.
        type: str
        required: true
  approvals:
    description: Who approved what, and when.
    type: list
    elements: dict
    default: []
    suboptions:
      who:
        description: The person.
        type: str
        required: true
      what:
        description: What was approved.
        type: str
        default: ""
      when:
        description: When that was.
        type: str
        default: ""
  failures:
    description: What else was wrong. Anything here makes the drill a failed one.
    type: list
    elements: str
    default: []
  notes:
    description: What else is worth knowing. Stands among the warnings.
    type: list
    elements: str
    default: []
  launched_by:
    description: Who started it.
    type: str
    default: ""
  job:
    description:
      - The job of AWX that reports. Stands in the evidence and in the report.
      - AWX tells no job who approved in a workflow, but keeps it with the workflow job, so its id leads there.
    type: dict
    suboptions:
      id:
        description: Id of the job.
        type: str
        default: ""
      name:
        description: Name of its job template.
        type: str
        default: ""
      launch_type:
        description: How it came to be, such as V(manual), V(workflow) or V(scheduled).
        type: str
        default: ""
      schedule:
        description: Name of the schedule that launched it.
        type: str
        default: ""
      workflow_id:
        description: Id of the workflow job that it is a node of.
        type: str
        default: ""
      workflow_name:
        description: Name of the workflow job.
        type: str
        default: ""
  lead:
    description: Who led it.
    type: str
    default: ""
  observers:
    description: Who observed it.
    type: list
    elements: str
    default: []
  hosts:
    description: The hosts that took part. Without it, those of the plan.
    type: list
    elements: str
  simulated_hosts:
    description:
      - Those of them that are simulated. The report says in large letters whether this was the simulator.
      - Without it, the hosts of the inventory with the variable C(hyperv_replica_simulated), which
        M(hyperv.replica.hyperv_replica_simulator) sets.
    type: list
    elements: str
  simulated_rate:
    description: How many times as fast as the clock simulated time ran. All durations are given in simulated time.
    type: float
    default: 1.0
  skew:
    description: How many seconds the clock of each host is ahead of the controller's.
    type: dict
    default: {}
  versions:
    description:
      - What else has a version, such as the commit of the project. The versions of this collection, ansible-core,
        Python and the libraries are found out.
    type: dict
    default: {}
  journal_dir:
    description:
      - The C(journal_dir) of the drill's tasks. Every journal in it is merged in, those of runs that were killed too.
    type: path
  history:
    description:
      - A folder of bundles. Those of earlier drills of the same plan, by its name, are shown as a trend, which says how
        many of other plans it leaves out.
    type: path
  private_key:
    description:
      - An Ed25519, RSA or ECDSA key in PEM. The head of the chain is signed with it into C(evidence.sig).
    type: path
  private_key_passphrase:
    description: The passphrase of the key.
    type: str
attributes:
  check_mode:
    support: full
    description: Says which files would change, and writes none.
  diff_mode:
    support: full
    description: Names the files that change.
  async:
    support: none
    description: Supports being used with the C(async) keyword.
  action:
    support: full
    description: Works in an action plugin, in the controller's process.
  platform:
    support: full
    platforms: posix
    description: Target OS/families that can be operated against.
requirements:
  - Python 3.10 or later on the controller
  - cryptography for O(private_key), which pypsrp and pywinrm bring
seealso:
  - module: hyperv.replica.hyperv_drill_report_info
"""

EXAMPLES = r"""
- name: Write the evidence
  hyperv.replica.hyperv_drill_report:
    path: drill-reports/2026-11
    plan: "{{ hyperv_replica_plan }}"
    stages:
      - stage: failover
        kind: failover
        began: "{{ failover_began }}"
        ended: "{{ failover_ended }}"
        failed: "{{ failover_results.failed }}"
        said: "{{ failover_results.messages | join(' ') }}"
        results: "{{ failover_results }}"
    journal_dir: journals/2026-11
    history: drill-reports
    private_key: ~/keys/drill.pem
  delegate_to: localhost
  register: evidence

- name: Keep the head where nobody of us can change it
  ansible.builtin.debug:
    msg: "{{ evidence.head }}"
"""

RETURN = r"""
msg:
  description: The verdict, on what it was reached, and the first reason where it is V(FAILED).
  returned: always
  type: str
  sample: PASSED on SIMULATOR
path:
  description: The folder.
  returned: success
  type: str
files:
  description: The path of each file by its name.
  returned: success
  type: dict
written:
  description: Names of the files that were not as they should be.
  returned: success
  type: list
  elements: str
id:
  description: What the drill is called.
  returned: success
  type: str
verdict:
  description: V(PASSED) or V(FAILED).
  returned: success
  type: str
passed:
  description: Whether it is V(PASSED).
  returned: success
  type: bool
where:
  description: V(SIMULATOR), V(REAL HOSTS) or V(REAL AND SIMULATED HOSTS).
  returned: success
  type: str
simulated:
  description: Whether no real host took part.
  returned: success
  type: bool
reasons:
  description: Why it failed, each with C(vm), C(tier), C(stage), C(why), C(cost), C(now) and C(remedy).
  returned: success
  type: list
  elements: dict
summary:
  description: >-
    C(vms), C(good), C(moves), C(worst_rto_seconds), C(worst_rto_vm), C(worst_rpo_seconds), C(worst_rpo_vm),
    C(down_seconds) and C(seconds), and how many machines were never recovered in a move (C(never), the first of them
    C(never_vm)); the worst RTO is of those that were.
  returned: success
  type: dict
records:
  description: How many records of runs are in the evidence.
  returned: success
  type: int
cut_off:
  description: Ids of runs that left a journal and no result.
  returned: success
  type: list
  elements: str
damaged:
  description: Lines of journals that are no records, such as the last one of a run that was killed while it wrote.
  returned: success
  type: list
  elements: dict
head:
  description: The hash of the last entry of the chain. Kept elsewhere, it proves later that the bundle is this one.
  returned: success
  type: str
error:
  description: What went wrong, in the form that M(hyperv.replica.hyperv_replica_info) documents.
  returned: when the task failed
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hyperv.replica.plugins.module_utils._surface.evidence_specs import REPORT


def main() -> None:
    """Say where the work is done; the spec is here so that it is checked against the documentation."""
    module = AnsibleModule(**REPORT, supports_check_mode=True)
    module.fail_json(msg="hyperv_drill_report works through its action plugin of the same name")


if __name__ == "__main__":
    main()
