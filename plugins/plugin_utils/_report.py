# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the evidence bundle of a drill: reads journals and earlier bundles, renders, and touches only what differs."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from platform import python_version
from typing import Any, Final

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.release import __version__ as ansible_version
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ansible_collections.hyperv.replica.plugins.module_utils._drill.evidence import (
    EVIDENCE,
    JUNIT,
    METRICS,
    REPORT,
    Entry,
    chained,
    closed,
    evidence_text,
    head,
)
from ansible_collections.hyperv.replica.plugins.module_utils._drill.html import page
from ansible_collections.hyperv.replica.plugins.module_utils._drill.inspection import Inspection, inspect
from ansible_collections.hyperv.replica.plugins.module_utils._drill.junit import junit
from ansible_collections.hyperv.replica.plugins.module_utils._drill.lead import spoken, where
from ansible_collections.hyperv.replica.plugins.module_utils._drill.merge import Journal, Merged, merged
from ansible_collections.hyperv.replica.plugins.module_utils._drill.page import Page
from ansible_collections.hyperv.replica.plugins.module_utils._drill.prometheus import prometheus
from ansible_collections.hyperv.replica.plugins.module_utils._drill.scrub import Scrubber, is_secret_name
from ansible_collections.hyperv.replica.plugins.module_utils._drill.trend import Earlier, summary
from ansible_collections.hyperv.replica.plugins.module_utils._drill.verdict import PASSED, reasons, verdict
from ansible_collections.hyperv.replica.plugins.module_utils._errors import HyperVReplicaError, PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._surface.evidence_facts import Material, earlier, facts
from ansible_collections.hyperv.replica.plugins.module_utils._surface.evidence_specs import REPORT as SPEC
from ansible_collections.hyperv.replica.plugins.module_utils._surface.evidence_surface import drill, reported_records
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plain import plain
from ansible_collections.hyperv.replica.plugins.module_utils._surface.results import error_result
from ansible_collections.hyperv.replica.plugins.plugin_utils._anchors import SIGNATURE, signed

_COLLECTION: Final = Path(__file__).resolve().parents[2]

#: The template stands with the role that people read, not among the Python of plugins.
_TEMPLATES: Final = _COLLECTION / "roles" / "report" / "templates"

#: Libraries whose versions say with what a drill was run.
_LIBRARIES: Final = ("cryptography", "jinja2", "pypsrp", "pyspnego", "pywinrm")


class LocalAction(ActionBase):
    """Works on files of the controller, on a host whose connection is local."""

    _supports_check_mode, _supports_async = True, False

    def options(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        """The validated options in plain types."""
        if self._connection.transport != "local":
            raise PreconditionFailed(
                f"{self._task.action} works on the controller, not over {self._connection.transport}",
                kind="bad_option",
                remedy="Use delegate_to: localhost",
            )
        return dict(plain(self.validate_argument_spec(**spec)[1]))

    def at(self, path: str, task_vars: Mapping[str, Any]) -> Path:
        """A path of an option; a relative one begins where the project is."""
        given = self._templar.template(task_vars.get("hyperv_replica_project_dir", ""))
        return (Path(str(given)) if given else Path.cwd()) / path


class ReportAction(LocalAction):
    """Makes the bundle of a drill be there, as its input has it."""

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Render the bundle, write what differs, and give its verdict and its head."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        try:
            return result | self._bundle(self.options(SPEC), task_vars or {})
        except HyperVReplicaError as error:
            return result | error_result(error)

    def _bundle(self, options: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        folder = self.at(options["path"], task_vars)
        material = self._material(options, folder, task_vars)
        entries, texts = _rendered(material)
        files = {name: text.encode() for name, text in texts.items()}
        key = options["private_key"]
        if key:
            passphrase = options["private_key_passphrase"]
            files[SIGNATURE] = signed(head(entries), self.at(key, task_vars), passphrase, _content(folder / SIGNATURE))
        changed = [name for name, content in files.items() if _content(folder / name) != content]
        if not self._task.check_mode:
            _write(folder, {name: files[name] for name in changed})
        return _result(material, folder, files, changed) | {"head": head(entries)}

    def _material(self, options: dict[str, Any], folder: Path, task_vars: Mapping[str, Any]) -> Material:
        """Everything the bundle is made of; secrets that this play knows are taken out first of all."""
        hosts = dict(_host_variables(task_vars))
        scrub = Scrubber(_secrets([task_vars, *hosts.values()], options, self._play_context))
        kept = {name: value for name, value in options.items() if name != "private_key_passphrase"}
        given: Any = scrub.value(kept)
        given["versions"] = {**_versions(), **given["versions"]}
        silent = given["simulated_hosts"] is None and not given["stages"]
        if given["simulated_hosts"] is None:
            given["simulated_hosts"] = [name for name, own in hosts.items() if own.get("hyperv_replica_simulated")]
        kept_files = journals(self.at(options["journal_dir"], task_vars)) if options["journal_dir"] else []
        noted = _scrubbed(merged(reported_records(options["stages"]), kept_files), scrub)
        this = drill(given)
        # Journals alone, without an inventory, look the same whether they come from real hosts or the simulator's.
        if silent and not hosts.keys() & set(this.hosts):
            this = replace(this, nobody_said_where=True)
        before: list[Earlier] = []
        if options["history"]:
            every = list(_earlier(self.at(options["history"], task_vars), besides=folder))
            before = [one for one in every if one.began and this.began and one.began < this.began and one.id != this.id]
            before = sorted(before, key=lambda one: (one.began is None, one.began))
        return Material(
            drill=this,
            plan=given["plan"],
            stages=given["stages"],
            merged=noted,
            earlier=before,
            signature=SIGNATURE if given["private_key"] else "",
        )


def inspected(folder: Path) -> Inspection:
    """Hold the bundle in a folder against itself."""
    others = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.name != EVIDENCE}
    return inspect((folder / EVIDENCE).read_bytes(), others)


def _rendered(material: Material) -> tuple[tuple[Entry, ...], dict[str, str]]:
    """The closed chain, and the text of each file."""
    inner = chained(facts(material))
    told = page(material.drill, material.merged, material.earlier, head(inner), signature=material.signature)
    texts = {JUNIT: junit(material.drill), METRICS: prometheus(material.drill), REPORT: html(told)}
    entries = closed(inner, texts)
    return entries, {**texts, EVIDENCE: evidence_text(entries)}


def html(told: Page) -> str:
    """The report as HTML. Names and texts are other people's: everything is escaped."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2").render(page=told)


def _result(material: Material, folder: Path, files: Mapping[str, bytes], changed: list[str]) -> dict[str, Any]:
    told, noted = material.drill, material.merged
    why, outcome = reasons(told), verdict(told)
    return {
        "changed": bool(changed),
        "msg": spoken(told),
        "path": str(folder),
        "files": {name: str(folder / name) for name in sorted(files)},
        "written": sorted(changed),
        "id": told.id,
        "verdict": outcome,
        "passed": outcome == PASSED,
        "simulated": told.simulated,
        "where": where(told),
        "reasons": plain(why),
        "summary": plain(summary(told)),
        "records": len(noted.records),
        "cut_off": [run.run_id for run in noted.runs if not run.complete],
        "damaged": plain(noted.damaged),
        "diff": {"before": "", "after": "".join(f"{folder / name}\n" for name in sorted(changed))},
    }


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write each file whole or not at all."""
    try:
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        for name, content in files.items():
            number, beside = tempfile.mkstemp(dir=folder, prefix=f".{name}.")
            with open(number, "wb") as file:  # noqa: PTH123  # of a number that mkstemp gave
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(beside).chmod(0o640)
            Path(beside).replace(folder / name)
    except OSError as error:
        raise PreconditionFailed(
            f"the bundle {folder} cannot be written: {error.strerror}",
            kind="bad_option",
            remedy="Give a path that the controller may write to",
        ) from None


def journals(folder: Path) -> list[Journal]:
    """The journals of a folder, by name."""
    if not folder.is_dir():
        return []
    return [Journal(path.name, path.read_bytes()) for path in sorted(folder.glob("*.jsonl"))]


def _scrubbed(noted: Merged, scrub: Scrubber) -> Merged:
    """Journals never hold a secret; neither does what somebody else put beside them."""
    records: Any = scrub.value(noted.records)
    damaged = tuple(replace(line, text=scrub.text(line.text)) for line in noted.damaged)
    return replace(noted, records=tuple(records), damaged=damaged)


def _earlier(folder: Path, *, besides: Path) -> Iterator[Earlier]:
    """The bundles in a folder of bundles; what is none is passed over."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.resolve() != besides.resolve() and (path / EVIDENCE).is_file():
            found = earlier(inspected(path))
            if found is not None:
                yield found


def _versions() -> dict[str, str]:
    """With what this runs."""
    found = {"ansible-core": str(ansible_version), "hyperv.replica": _collection_version(), "python": python_version()}
    for library in _LIBRARIES:
        try:
            found[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            continue
    return found


def _collection_version() -> str:
    """From the manifest of an installed collection, or from the tree of one that is worked on."""
    for name, start in (("MANIFEST.json", '"version": "'), ("galaxy.yml", "version: ")):
        path = _COLLECTION / name
        for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
            if line.strip().startswith(start):
                return line.strip().removeprefix(start).rstrip('",')
    return "unknown"


def _host_variables(task_vars: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Those variables of each host that matter here: secrets, and whether it is simulated."""
    hostvars = task_vars.get("hostvars") or {}
    for name in hostvars:
        own: dict[str, Any] = {}
        for variable in hostvars[name]:
            if variable == "hyperv_replica_simulated" or is_secret_name(str(variable)):
                try:
                    own[str(variable)] = hostvars[name][variable]
                except (
                    AnsibleError,
                    KeyError,
                ):  # not defined, or of a vault that is closed: nothing that could be told
                    continue
        yield str(name), own


def _secrets(variables: list[Mapping[str, Any]], options: Mapping[str, Any], play_context: Any) -> Iterator[str]:
    """Every secret that this play knows."""
    for known in variables:
        yield from (str(value) for name, value in known.items() if is_secret_name(str(name)) and isinstance(value, str))
    for value in (options["private_key_passphrase"], getattr(play_context, "password", None)):
        if value:
            yield str(value)
