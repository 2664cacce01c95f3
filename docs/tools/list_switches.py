# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write docs/docsite/rst/switches.rst: every open question of the simulator, its source, and what the client does."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final, NamedTuple

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.switches import NUMBER, SWITCHES


class Answer(NamedTuple):
    """Why a question is open, and how the client gets by whichever answer is true."""

    source: str
    does: str


_METHODS: Final = "the methods' pages of ``Msvm_ReplicationService`` are silent"
_REVERSE: Final = "page replication-failover of Windows Server, ``Set-VMReplication``; no WMI form is published"
_CHAIN: Final = "team blog 2013-12-09 and page ``changereplicationmodetoprimary``; inferred"
_FAILBACK: Final = "page ``initiatefailback`` names neither"
_WIRE: Final = "recordings of WinRM disagree or have no example"

CLIENT: Final[dict[str, Answer]] = {
    "refusal": Answer(_METHODS, "Takes a failed job for the refusal that its ErrorCode names."),
    "method_answers": Answer(_METHODS, "Waits for the state, and for a job where there is one."),
    "job_success": Answer(
        "page of ``Msvm_ConcreteJob`` against Microsoft's sample utilities", "Takes both for success."
    ),
    "job_error_code": Answer(
        "page of ``Msvm_ConcreteJob``: vendor specific",
        "A failed job that names no number teaches what a refusal would; the next look decides what follows.",
    ),
    "relationship_argument": Answer(
        "page ``requestreplicationstatechangeex``", "Sends the instance as the last look showed it, or null."
    ),
    "builtin_failback": Answer(
        "no public text describes ``InitiateFailback`` with this provider",
        "Never calls it by itself (``strategy: auto`` reverses); asked for, it names ``strategy: reverse``.",
    ),
    "provider_failback_from": Answer(_FAILBACK, "Tries the state that is found, then 5, then 6."),
    "failback_called_on": Answer(_FAILBACK, "Calls it at home; ``initiate_on: peer`` calls it on the other end."),
    "provider_point": Answer(_FAILBACK, "Has the other side off before the call, seen or attested."),
    "commit_in_14": Answer(
        "page ``commitfailover`` wants state 5", "Asks once; refused, it looks and goes on if the VM can be started."
    ),
    "planned_reverse": Answer(_REVERSE, "Calls ``StartReplication`` where the sender shows 1, and only there."),
    "unplanned_reverse": Answer(_REVERSE, "The same; a start that was not needed is refused and then looked past."),
    "start_after_reverse": Answer(_REVERSE, "Asks for type 1, and for 3 where that is refused."),
    "reverse_from": Answer(
        "the group API wants 6, single VMs show both", "Reverses from 5; refused, it commits first."
    ),
    "as_replica": Answer(_REVERSE, "Asks for state 2; refused, it binds an authorization entry and asks again."),
    "old_primary_after_power_loss": Answer("team blog 2012-06-15", "Takes an old primary in 3, 8 and 9 alike."),
    "live_primary_after_failover": Answer("team blog 2012-08-08", "Decides by power and mode, not by that state."),
    "failover_from_paused": Answer(
        "page ``initiatefailover`` names no state", "Fails over; refused, it resumes the replica first."
    ),
    "planned_point": Answer(
        "inferred from the enumerations", "Fails over to the latest; no decision rests on that point or type."
    ),
    "snapshot_parameter": Answer(
        "MOF says reference, a comment in the sample embedded instance", "Sends a reference, then an instance."
    ),
    "state_after_revert": Answer("inferred", "Resumes what its own undoing left paused."),
    "state_after_cancel": Answer("inferred", "Resumes what its own undoing left paused."),
    "revert_while_running": Answer("``Stop-VMFailover`` turns it off first", "Turns it off first, with consent."),
    "resume_from_critical": Answer("inferred", "Goes on with the resynchronization that then is needed, with consent."),
    "continue_resynchronization": Answer(
        "``Resume-VMReplication -Continue``; no WMI form is published",
        "Asks for state 3; refused, it calls ``Resynchronize``.",
    ),
    "start_job_ends": Answer("page ``startreplication``", "Waits for the state at both ends, never for the job alone."),
    "unreplicated_relationship": Answer("page of the class", "An absent instance and state 0 mean the same."),
    "remove_while_failed_over": Answer(
        "page ``removereplicationrelationshipex``",
        "Refuses to remove it, unless ``even_if_failed_over`` says so; then it commits first.",
    ),
    "test_copy_disks": Answer(
        "page ``destroysystem``", "Looks whether the files are gone, and fails with their paths."
    ),
    "test_copy_reference": Answer("page ``testreplicasystem``", "Finds the copy by association and mode, never by it."),
    "test_copy_relationship": Answer("page of the class", "Counts a copy in mode 3 as a test copy, whatever it shows."),
    "orphaned_files": Answer(
        "page ``createreplicationrelationship`` is silent",
        "Explains a creation that fails by the files that may lie there; the run is continued when they are gone.",
    ),
    "failover_with_test_copy": Answer(
        "page ``testreplicasystem``", "Removes a leftover copy first, with consent, whether that is needed or not."
    ),
    "last_replication_time": Answer("page of the class", "Takes the older reading: what arrived may not be applied."),
    "finished_job_lifetime": Answer("page of ``Msvm_ConcreteJob``", "A job that is gone is judged by the state."),
    "absent_setting_properties": Answer(
        "the sample sends whole instances, a shipping client reports failures", "Sends every own property."
    ),
    "inherited_setting_properties": Answer(
        "the sample sends whole instances, a shipping client reports failures", "Sends no inherited property."
    ),
    "included_disks": Answer(
        "text and qualifier of the property disagree", "Reads all forms; sends ids, and the others where refused."
    ),
    "provider_key": Answer("both properties are flagged as key", "Reads the GUID at the path's end."),
    "entry_instance_id": Answer("page of the class: key and always null", "Knows an entry by its host's name."),
    "point_owner": Answer("inferred from the class page", "Asks the association where no point names its VM."),
    "never": Answer("1601 was seen on a real host", "Both mean never."),
    "not_highly_available": Answer(
        "team blog 2013-08-27 names only the event", "Refuses such a VM itself, before anything is asked."
    ),
    "cluster_properties": Answer(
        _WIRE, "Finds the VM of a role by its name among the clustered ones, where only one has it."
    ),
    "peer_visibility": Answer("each host keeps its own copy of the state", "Waits for both ends to show it."),
    "statistics_answer": Answer("page ``getreplicationstatisticsex``", "Reads them from either answer."),
    "extended_while_failed_over": Answer(
        _CHAIN, "Leaves the leg alone meanwhile; ``state: replicating`` resumes it after ``promoted``."
    ),
    "reverse_with_extended": Answer(
        "a book says it ends the leg", "Refuses to reverse until the leg was removed by name, or kept by ``promoted``."
    ),
    "third_host_relationship": Answer(_CHAIN, "A copy with one relationship has it as its own, whatever its number."),
    "third_host_after_promotion": Answer(_CHAIN, "Takes 2 and 4 alike for a copy that receives."),
    "promoted_relationship": Answer(_CHAIN, "A copy with one relationship has it as its own, whatever its number."),
    "wql": Answer(
        "one shipping client reports a refusal", "Asks once with WQL; refused, it reads the class and filters here."
    ),
    "first_page": Answer(_WIRE, "Pulls until the end of the sequence."),
    "summary_information": Answer(_WIRE, "Not used; the probe reads both forms."),
    "wmi_errors": Answer(_WIRE, "Reads both forms of the detail."),
    "null_outputs": Answer(_WIRE, "Absent and nil are null."),
    "components_when_off": Answer(_WIRE, "Counts neither as a guest that answers."),
    "reference_selectors": Answer("seen with other vendors", "Sends a reference back as it came."),
    "missing_keys": Answer("specification against a recording", "Always gives every key."),
    "unknown_method": Answer("no recording", "Takes both for a refusal of the method."),
    "parameter_order": Answer("no source shows it", "Sends parameters in the class's order."),
    "winrm_configuration": Answer("the rights needed are not published", "Does without the limits, and says so."),
    "empty_items": Answer(_WIRE, "Both mean none."),
}

_HEAD: Final = """\
.. Copyright: (c) 2026, the hyperv.replica authors
.. GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
.. SPDX-License-Identifier: GPL-3.0-or-later

.. This page is written by docs/tools/list_switches.py from the simulator's own table.

.. _ansible_collections.hyperv.replica.docsite.switches:

What no page says
=================

No public text settles how a host behaves in the points below, or two texts disagree. Each is a switch of the
simulator with all its values, the default first. Whichever value is true, the client comes to the same end: a set
of combinations in which every two values of every two switches meet drives the whole round in the tests. What a
real host does can be found out in part by reading; see :ref:`ansible_collections.hyperv.replica.docsite.probe`.

A step that is refused may have its reason elsewhere. A lesson is therefore drawn from it only where the answer
fits, and only once.
"""


def page() -> str:
    """The page, in reStructuredText."""
    if missing := sorted(set(SWITCHES) ^ set(CLIENT)):
        raise ValueError(f"switches and answers differ in {', '.join(missing)}")
    sections = (("What a host does", "rules"), ("How it says so", "wire"))
    return "\n".join([_HEAD, *(_section(title, layer) for title, layer in sections)])


def _section(title: str, layer: str) -> str:
    rows = [_row(name) for name, switch in SWITCHES.items() if switch.layer == layer]
    head = [title, "-" * len(title), "", ".. list-table::", "   :header-rows: 1", "   :widths: 20 18 27 15 20", ""]
    names = [
        "   * - Switch",
        "     - Values",
        "     - The question",
        "     - Where it is open",
        "     - What the client does",
    ]
    return "\n".join([*head, *names, *rows, ""])


def _row(name: str) -> str:
    switch, answer = SWITCHES[name], CLIENT[name]
    values = ", ".join("any number" if value == NUMBER else f"``{value}``" for value in switch.values)
    means = switch.means.replace("\\", "\\\\")
    return "\n".join(
        [
            f"   * - ``{name}``",
            f"     - {values}",
            f"     - {means}.",
            f"     - {answer.source}",
            f"     - {answer.does}",
        ]
    )


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
