# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real ansible-playbook runs: which machine, and as whom, the task's host and its peer are reached.

Two listeners stand for two hosts; each lets in its own user only, so an answer proves that the right credentials came
to the right machine. The action that asks them is made here and is no part of the collection.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._transport.fake_host import FakeHost

HOME_PASSWORD, AWAY_PASSWORD = "Home-Secret-4711", "Away-Secret-0815"
#: Where the ansible-playbook to be tried lives; that of another ansible-core may be named.
PROGRAMS = Path(os.environ.get("HYPERV_REPLICA_ANSIBLE_PROGRAMS", str(Path(sys.executable).parent)))

VAULT_PASSWORD = "Vault-Secret-1234"

PROBE = """
import json, os
from ansible.plugins.action import ActionBase
from ansible_collections.hyperv.replica.plugins.module_utils._errors import HyperVReplicaError
from ansible_collections.hyperv.replica.plugins.plugin_utils._hosts import open_host
from ansible_collections.hyperv.replica.plugins.plugin_utils._peer import match_peer, peer_connection, task_host

ENVELOPE = b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>%s</s:Body></s:Envelope>'


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        try:
            own = task_host(self, task_vars)
            peer = self._task.args["peer"]
            if peer == "auto":
                peer = match_peer(self, self._task.args["names"], task_vars)
            home = open_host(own, self._connection)
            away = open_host(peer, peer_connection(self, peer, task_vars))
            for one in (home, away):
                one.carrier.exchange(ENVELOPE % one.name.encode(), repeatable=False)
                one.close()
            result.update(home=[home.name, home.endpoint], away=[away.name, away.endpoint])
        except HyperVReplicaError as error:
            result.update(failed=True, msg=str(error), kind=error.kind)
        with open(os.environ["PROBE_OUT"], "a") as out:
            out.write(json.dumps(result) + "\\n")
        return result
"""

PLAY = """
- hosts: hv-a
  gather_facts: false
  tasks:
    - probe: {peer: hv-b}
"""


@dataclass
class Site:
    """A project folder, and the two listeners its inventory leads to."""

    folder: Path
    home: FakeHost
    away: FakeHost

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def inventory(self, home: dict[str, Any], away: dict[str, Any], **others: dict[str, Any]) -> None:
        hosts = {"hv-a": home, "hv-b": away} | others
        self.write("inventory.json", json.dumps({"all": {"hosts": hosts}}))

    def run(self, playbook: str, *arguments: str) -> tuple[list[dict[str, Any]], str]:
        """Give what the probe returned, and everything that ansible-playbook printed."""
        self.write("play.yml", playbook)
        out = self.folder / "out.jsonl"
        out.unlink(missing_ok=True)
        done = subprocess.run(
            [str(PROGRAMS / "ansible-playbook"), "-i", "inventory.json", "play.yml", *arguments],
            cwd=self.folder,
            env=self._environment(out),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        lines = out.read_text().splitlines() if out.exists() else []
        return [json.loads(line) for line in lines], done.stdout + done.stderr

    def _environment(self, out: Path) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))}
        return kept | {
            "ANSIBLE_COLLECTIONS_PATH": str(self.folder),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_LOG_PATH": str(self.folder / "ansible.log"),
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_RETRY_FILES_ENABLED": "false",
            "PROBE_OUT": str(out),
        }


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    collection = tmp_path / "ansible_collections" / "hyperv" / "replica"
    collection.parent.mkdir(parents=True)
    collection.symlink_to(Path(__file__).resolve().parents[3])
    home = FakeHost(tmp_path, user="home-user", password=HOME_PASSWORD)
    away = FakeHost(tmp_path, user="away-user", password=AWAY_PASSWORD)
    with home, away:
        one = Site(tmp_path, home, away)
        one.write("action_plugins/probe.py", PROBE)
        one.write("library/probe.py", "#!/usr/bin/python\n")
        yield one


def by_psrp(host: FakeHost, **more: Any) -> dict[str, Any]:
    return {
        "ansible_connection": "psrp",
        "ansible_host": "127.0.0.1",
        "ansible_port": host.port,
        "ansible_psrp_protocol": "http",
        "ansible_psrp_auth": "basic",
        "ansible_psrp_message_encryption": "never",
        "ansible_psrp_ignore_proxy": True,
        "ansible_user": host.user,
        "ansible_password": host.password,
    } | more


def by_winrm(host: FakeHost, **more: Any) -> dict[str, Any]:
    return {
        "ansible_connection": "winrm",
        "ansible_host": "127.0.0.1",
        "ansible_port": host.port,
        "ansible_winrm_scheme": "http",
        "ansible_winrm_transport": "basic",
        "ansible_winrm_proxy": None,
        "ansible_user": host.user,
        "ansible_password": host.password,
    } | more


def without(variables: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in variables.items() if name not in names}


def reached(site: Site) -> tuple[int, int]:
    return len(site.home.executed), len(site.away.executed)


@pytest.mark.parametrize("home", [by_psrp, by_winrm])
@pytest.mark.parametrize("away", [by_psrp, by_winrm])
def test_either_host_is_reached_by_either_connection(site: Site, home: Any, away: Any) -> None:
    site.inventory(home(site.home), away(site.away))

    results, printed = site.run(PLAY)

    assert [result["away"][0] for result in results] == ["hv-b"], printed
    assert reached(site) == (1, 1)


@pytest.mark.parametrize("prefix", ["ansible.builtin.", "ansible.legacy."])
def test_connections_go_by_their_full_names_too(site: Site, prefix: str) -> None:
    site.inventory(
        by_psrp(site.home, ansible_connection=f"{prefix}psrp"), by_winrm(site.away, ansible_connection=f"{prefix}winrm")
    )

    results, printed = site.run(PLAY)

    assert "failed" not in results[0], printed
    assert reached(site) == (1, 1)


@pytest.mark.parametrize("library", ["psrp", "winrm"])
def test_ntlm_with_message_encryption_works_for_both_hosts(site: Site, library: str, tmp_path: Path) -> None:
    home, away = (FakeHost(tmp_path, "ntlm", user="both-user", password=HOME_PASSWORD) for _round in range(2))
    with home, away:
        variables = {"psrp": by_psrp, "winrm": by_winrm}[library]
        encrypted = {"ansible_psrp_auth": "ntlm", "ansible_psrp_message_encryption": "auto"}
        own = encrypted if library == "psrp" else {"ansible_winrm_transport": "ntlm"}
        site.inventory(variables(home, **own), variables(away, **own))
        results, printed = site.run(PLAY)

    assert "failed" not in results[0], printed
    assert (len(home.executed), len(away.executed)) == (1, 1)


def test_no_password_is_printed_or_logged_at_the_highest_verbosity(site: Site) -> None:
    site.inventory(by_psrp(site.home), by_winrm(site.away, ansible_password="Wrong-Secret-9"))

    results, printed = site.run(PLAY, "-vvvvv")

    everything = printed + (site.folder / "ansible.log").read_text() + json.dumps(results)
    assert results[0]["kind"] == "access_refused"
    for secret in (HOME_PASSWORD, AWAY_PASSWORD, "Wrong-Secret-9"):
        assert secret not in everything


def test_the_peers_own_name_is_seen_while_its_address_is_templated(site: Site) -> None:
    address = "{{ {'hv-a': '127.0.0.2', 'hv-b': '127.0.0.1'}[inventory_hostname] }}"
    site.inventory(by_psrp(site.home), by_psrp(site.away, ansible_host=address))

    results, printed = site.run(PLAY)

    assert results[0]["away"] == ["hv-b", f"http://127.0.0.1:{site.away.port}/wsman"], printed


def test_play_role_and_vaulted_variables_give_the_peers_credentials(site: Site) -> None:
    site.inventory(
        by_psrp(site.home),
        by_winrm(site.away, ansible_user="{{ the_user }}", ansible_password="{{ the_password }}"),
    )
    site.write("secret.txt", VAULT_PASSWORD)
    vault = [str(PROGRAMS / "ansible-vault"), "encrypt_string", "--vault-password-file", "secret.txt"]
    sealed = subprocess.run(
        [*vault, "--name", "the_password", AWAY_PASSWORD],
        cwd=site.folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    site.write("sealed.yml", sealed)
    site.write("roles/mover/vars/main.yml", "the_user: '{{ first }}-user'\n")
    site.write("roles/mover/tasks/main.yml", "- include_tasks: inner.yml\n")
    site.write("roles/mover/tasks/inner.yml", "- probe: {peer: hv-b}\n")

    results, printed = site.run(
        "- hosts: hv-a\n  gather_facts: false\n  vars: {first: away}\n  vars_files: [sealed.yml]\n  roles: [mover]\n",
        "--vault-password-file",
        "secret.txt",
    )

    assert "failed" not in results[0], printed
    assert reached(site) == (1, 1)


def test_group_vars_beside_the_playbook_count_for_the_peer(site: Site) -> None:
    site.inventory(by_psrp(site.home), without(by_psrp(site.away), "ansible_user", "ansible_password"))
    site.write("host_vars/hv-b.yml", f"ansible_user: {site.away.user}\nansible_password: {AWAY_PASSWORD}\n")

    results, printed = site.run(PLAY)

    assert "failed" not in results[0], printed


@pytest.mark.parametrize("variables", [by_psrp, by_winrm])
def test_user_and_asked_password_reach_the_peer_and_the_hosts_own_password_does_not(site: Site, variables: Any) -> None:
    site.inventory(variables(site.home), without(variables(site.away), "ansible_user", "ansible_password"))
    site.write("machine.txt", AWAY_PASSWORD)

    results, printed = site.run(PLAY, "-u", site.away.user, "--connection-password-file", "machine.txt")

    assert "failed" not in results[0], printed
    assert reached(site) == (1, 1)


@pytest.mark.parametrize("variables", [by_psrp, by_winrm])
def test_the_keywords_user_port_and_connection_count_for_the_peer(site: Site, variables: Any) -> None:
    away = variables(site.away)
    site.inventory(variables(site.home), without(away, "ansible_user", "ansible_port", "ansible_connection"))

    results, printed = site.run(
        f"- hosts: hv-a\n  gather_facts: false\n  remote_user: {site.away.user}\n  port: {site.away.port}\n"
        f"  connection: {away['ansible_connection']}\n  tasks:\n    - probe: {{peer: hv-b}}\n"
    )

    assert "failed" not in results[0], printed
    assert reached(site) == (1, 1)


def test_delegate_to_makes_the_delegated_host_the_tasks_own(site: Site) -> None:
    site.inventory(by_psrp(site.home), by_winrm(site.away), boss={"ansible_connection": "ssh"})

    results, printed = site.run(
        "- hosts: boss\n  gather_facts: false\n  tasks:\n    - probe: {peer: hv-b}\n      delegate_to: hv-a\n"
    )

    assert [results[0].get("home", printed)[0], results[0]["away"][0]] == ["hv-a", "hv-b"]


def test_loop_variables_are_seen_by_the_peers_variables(site: Site) -> None:
    site.inventory(by_psrp(site.home), by_psrp(site.away, ansible_user="{{ one }}-user", ansible_port="{{ ports[n] }}"))
    tasks = "    - probe: {peer: hv-b}\n      loop: [wrong, away]\n      loop_control: {loop_var: one, index_var: n}\n"

    results, printed = site.run(
        f"- hosts: hv-a\n  gather_facts: false\n  vars: {{ports: {[site.away.port] * 2}}}\n  tasks:\n{tasks}"
    )

    assert [result.get("kind", "done") for result in results] == ["access_refused", "done"], printed


def test_run_once_and_a_limit_that_leaves_the_peer_out_change_nothing(site: Site) -> None:
    site.inventory(by_psrp(site.home), by_psrp(site.away))

    results, printed = site.run(
        "- hosts: all\n  gather_facts: false\n  tasks:\n    - probe: {peer: hv-b}\n      run_once: true\n",
        "--limit",
        "hv-a",
    )

    assert [result.get("away", printed)[0] for result in results] == ["hv-b"]


@pytest.mark.parametrize(
    ("peer", "said"),
    [
        ("hv-a", "which is the task's own host"),
        ("hv-c", "which is not in the inventory"),
        ("hv-b.corp.example", "there is hv-b"),
        ("localhost", "the controller"),
        ("box", "is reached by the connection ssh"),
        ("lost", "no_such_variable"),
    ],
)
def test_a_peer_that_cannot_be_one_is_refused_with_what_to_do(site: Site, peer: str, said: str) -> None:
    site.inventory(
        by_psrp(site.home),
        by_psrp(site.away),
        box={"ansible_connection": "ssh"},
        lost=by_psrp(site.away, ansible_user="{{ no_such_variable }}"),
    )

    results, printed = site.run(PLAY.replace("hv-b", peer))

    assert said in results[0]["msg"], printed
    assert reached(site) == (0, 0)


def test_become_is_refused_for_host_and_peer(site: Site) -> None:
    site.inventory(by_psrp(site.home), by_psrp(site.away, ansible_become=True, ansible_become_method="runas"))

    peers, printed = site.run(PLAY)
    own, _rest = site.run(PLAY.replace("  tasks", "  become: true\n  become_method: runas\n  become_user: x\n  tasks"))

    assert "become is not supported" in peers[0]["msg"], printed
    assert "become is not supported" in own[0]["msg"]


def test_another_connection_of_the_tasks_host_is_refused_with_the_ways_out(site: Site) -> None:
    site.inventory(by_psrp(site.home, ansible_connection="local"), by_psrp(site.away))

    results, _rest = site.run(PLAY)

    assert "delegate_to" in results[0]["msg"]
    assert "add_host" in results[0]["msg"]


@pytest.mark.parametrize(
    ("names", "peer"),
    [(["HV-B"], "hv-b"), (["hv-b.corp.example", "other"], "hv-b"), (["hvb-node.corp.example"], "third")],
)
def test_the_relationships_host_names_find_the_peer(site: Site, names: list[str], peer: str) -> None:
    third = by_psrp(site.away, ansible_host="hvb-node.corp.example")
    site.inventory(by_psrp(site.home), by_psrp(site.away), third=third)

    results, printed = site.run(PLAY.replace("{peer: hv-b}", f"{{peer: auto, names: {json.dumps(names)}}}"))

    told = results[0].get("away", [""])[0] or results[0]["msg"]
    assert told == peer or f"{peer}: " in told, printed


def test_two_inventory_hosts_that_may_be_the_peer_are_refused_by_name(site: Site) -> None:
    twin = {"hv-b.corp.example": by_psrp(site.away), "hv-b.lab.example": by_psrp(site.away)}
    site.write("inventory.json", json.dumps({"all": {"hosts": {"hv-a": by_psrp(site.home)} | twin}}))

    results, _rest = site.run(PLAY.replace("{peer: hv-b}", "{peer: auto, names: [hv-b]}"))

    assert results[0]["kind"] == "ambiguous_name"
    assert all(name in results[0]["msg"] for name in twin)
