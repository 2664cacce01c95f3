#!/usr/bin/python
# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_drill_report_info
short_description: Verify the evidence bundle of a disaster recovery drill
version_added: 0.1.0
author:
  - The hyperv.replica authors (@hyperv-replica)
description:
  - Finds out whether a bundle that M(hyperv.replica.hyperv_drill_report) wrote is as it was written, to the byte, and
    where it is not.
  - Says what that proves. By itself a bundle can only be consistent, since whoever changes it can compute every hash
    anew. An anchor ties it to something outside, such as a key, a timestamp authority, or a record of its head.
  - Works on the controller, on a host whose connection is C(local). Changes nothing.
options:
  path:
    description:
      - The folder of the bundle.
      - A relative path, here and in the other options, begins at the variable C(hyperv_replica_project_dir), or else
        where C(ansible-playbook) was called.
    type: path
    required: true
  journal_dir:
    description:
      - The C(journal_dir) that the bundle was made with, where its journals were kept as well. Each of them must be as
        it was then; of one that was changed, the line and what its record is about are told.
      - Journals that the bundle does not know are not looked at.
    type: path
  expected_head:
    description: The head that was recorded elsewhere when the bundle was written.
    type: str
  public_key:
    description: The public key in PEM of whoever signed the head.
    type: path
  signature:
    description: The signature. Without it, C(evidence.sig) of the bundle.
    type: path
  timestamp:
    description:
      - A timestamp token of RFC 3161 for the head, or the authority's response that holds it, in DER. Without it,
        C(evidence.tsr) of the bundle, if it is there.
    type: path
  timestamp_ca:
    description: Certificates in PEM of the timestamp authorities that you trust.
    type: path
  fail_on:
    description:
      - V(fail) lets the task fail if the bundle was changed, or an anchor that was given does not hold.
      - V(warn) lets it fail also if there is no anchor, so that its origin is not proven.
      - V(never) leaves the judgement to the caller.
    type: str
    choices: [fail, warn, never]
    default: fail
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
    platforms: posix
    description: Target OS/families that can be operated against.
requirements:
  - Python 3.10 or later on the controller
  - cryptography for signatures and timestamps, which pypsrp and pywinrm bring
seealso:
  - module: hyperv.replica.hyperv_drill_report
"""

EXAMPLES = r"""
- name: It is as it was written
  hyperv.replica.hyperv_drill_report_info:
    path: drill-reports/2026-11
  delegate_to: localhost

- name: It is the one whose head the ticket has
  hyperv.replica.hyperv_drill_report_info:
    path: drill-reports/2026-11
    expected_head: 7d5c8a2e0f9b4c31a6e2d8f70b1c3e5a49687f2d1b0c9e8a7f6d5c4b3a291807
  delegate_to: localhost

- name: We signed it, and an authority saw it
  hyperv.replica.hyperv_drill_report_info:
    path: drill-reports/2026-11
    public_key: keys/drill.pub.pem
    timestamp: drill-reports/2026-11/evidence.tsr
    timestamp_ca: keys/tsa.pem
    fail_on: warn
  delegate_to: localhost
"""

RETURN = r"""
msg:
  description: What was found, in a sentence.
  returned: always
  type: str
  sample: "drill-reports/2026-11: internally consistent, origin not proven"
path:
  description: The folder.
  returned: success
  type: str
intact:
  description: Whether every byte is as it was written, in the journals of O(journal_dir) too.
  returned: success
  type: bool
proof:
  description: What is proven, in a sentence.
  returned: success
  type: str
proven:
  description: Whether it is intact, there is an anchor, and every anchor holds.
  returned: success
  type: bool
findings:
  description: >-
    What is not as it was written, each with C(file), C(line), C(entry) (its place in the chain), C(field), C(about)
    (what the entry is about), C(found), and all of it as C(text).
  returned: success
  type: list
  elements: dict
anchors:
  description: >-
    What came of each anchor. C(anchor) is V(expected_head), V(signature) or V(timestamp), C(result) is V(holds) or
    V(broken), C(verified) and C(not_verified) say what for, and C(found) what speaks against it.
  returned: success
  type: list
  elements: dict
head:
  description: The hash of the last entry of the chain, computed anew.
  returned: success
  type: str
entries:
  description: How many entries of the chain could be read.
  returned: success
  type: int
extra_files:
  description: What lies in the folder and is no part of the bundle.
  returned: success
  type: list
  elements: str
drill:
  description: >-
    What the bundle says of the drill, with C(id), C(plan), C(verdict), C(where), C(began), C(ended) and C(summary).
  returned: success
  type: dict
error:
  description: What went wrong, in the form that M(hyperv.replica.hyperv_replica_info) documents.
  returned: when there is no bundle, or a key cannot be used
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hyperv.replica.plugins.module_utils._surface.evidence_specs import REPORT_INFO


def main() -> None:
    """Say where the work is done; the spec is here so that it is checked against the documentation."""
    module = AnsibleModule(**REPORT_INFO, supports_check_mode=True)
    module.fail_json(msg="hyperv_drill_report_info works through its action plugin of the same name")


if __name__ == "__main__":
    main()
