# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A drill as JUnit XML: a suite for each stage, a case for each virtual machine and for each of its checks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from ansible_collections.hyperv.replica.plugins.module_utils._drill.drill import Drill, Stage, VmRun
from ansible_collections.hyperv.replica.plugins.module_utils._drill.verdict import Measured, length, measured, reasons


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A test case; ``failure`` is its kind and text, empty where it passed."""

    name: str
    about: str
    seconds: float
    failure: tuple[str, str] = ("", "")
    skipped: str = ""


def junit(drill: Drill) -> str:
    """The text of ``junit.xml``."""
    suites = ElementTree.Element("testsuites", name=_text(drill.plan.name or drill.id))
    items = measured(drill)
    for stage in drill.stages:
        own = {item.run.name: item for item in items if item.stage is stage}
        _suite(suites, drill, stage.stage, list(_cases(drill, stage, own)), stage)
    loose = [reason.why for reason in reasons(drill) if not reason.stage]
    if loose:
        _suite(
            suites,
            drill,
            "drill",
            [_Case(name="drill", about="drill", seconds=0, failure=("drill", why)) for why in loose],
        )
    for name in ("tests", "failures", "errors", "skipped"):
        suites.set(name, str(sum(int(suite.get(name, "0")) for suite in suites)))
    suites.set("time", f"{sum(float(suite.get('time', '0')) for suite in suites):.3f}")
    ElementTree.indent(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(suites, encoding="unicode")}\n'


def _suite(
    suites: ElementTree.Element, drill: Drill, name: str, cases: list[_Case], stage: Stage | None = None
) -> None:
    suite = ElementTree.SubElement(suites, "testsuite", name=_text(name))
    suite.set("tests", str(len(cases)))
    suite.set("failures", str(sum(bool(case.failure[1]) for case in cases)))
    suite.set("errors", "0")
    suite.set("skipped", str(sum(bool(case.skipped) for case in cases)))
    seconds = (stage.seconds or 0.0) * drill.rate if stage else 0.0
    suite.set("time", f"{seconds:.3f}")
    if stage is not None and stage.began is not None:
        suite.set("timestamp", stage.began.strftime("%Y-%m-%dT%H:%M:%S"))
    suite.set("hostname", _text(",".join(drill.hosts) or "localhost"))
    for case in cases:
        _write(suite, f"{drill.plan.name or 'drill'}.{name}", case)


def _write(suite: ElementTree.Element, classname: str, case: _Case) -> None:
    element = ElementTree.SubElement(suite, "testcase", name=_text(case.name))
    element.set("classname", _text(f"{classname}.{case.about}"))
    element.set("time", f"{case.seconds:.3f}")
    kind, why = case.failure
    if why:
        failure = ElementTree.SubElement(element, "failure", type=_text(kind), message=_text(why))
        failure.text = _text(why)
    elif case.skipped:
        ElementTree.SubElement(element, "skipped", message=_text(case.skipped))


def _cases(drill: Drill, stage: Stage, items: dict[str, Measured]) -> Iterator[_Case]:
    """The cases of a stage; one for the stage itself where nothing else would say how it went."""
    for run in stage.vms:
        yield _case(run, drill.rate)
        yield from _checks(run)
        if run.name in items:
            yield from _limits(items[run.name])
    for rule in stage.rules:
        about = " on ".join(filter(None, (rule.vm, rule.host))) or "preflight"
        failure = (rule.rule, rule.found or rule.cause or "failed") if rule.blocks else ("", "")
        skipped = rule.found or "not checked" if rule.result == "not_checked" else ""
        yield _Case(name=rule.rule, about=about, seconds=0, failure=failure, skipped=skipped)
    if stage.failed and not any(run.failed for run in stage.vms) or not (stage.vms or stage.rules):
        failure = (stage.kind, stage.said or "failed") if stage.failed else ("", "")
        yield _Case(name=stage.stage, about="stage", seconds=(stage.seconds or 0.0) * drill.rate, failure=failure)


def _case(run: VmRun, rate: float) -> _Case:
    return _Case(
        name=run.name,
        about=run.name,
        seconds=(run.execution_seconds or 0.0) * rate,
        failure=(run.fault.kind if run.fault else "failed", run.why) if run.failed else ("", ""),
        skipped="skipped" if run.outcome == "skipped" else "",
    )


def _checks(run: VmRun) -> Iterator[_Case]:
    for check in run.checks:
        said = f"{check.found}, wanted {check.wanted}"
        failure = (check.check, said) if check.result == "fail" else ("", "")
        skipped = said if check.result == "not_checked" else ""
        yield _Case(name=f"{run.name}: {check.check}", about=run.name, seconds=0, failure=failure, skipped=skipped)


def _limits(item: Measured) -> Iterator[_Case]:
    """Each limit of the plan is a case of its own."""
    planned, name = item.planned, item.run.name
    if planned is None or item.run.outcome in ("planned", "skipped"):
        return
    if planned.rto is not None:
        found = f"{length(item.rto)} without service" if item.rto is not None else "not recovered"
        failure = ("rto", f"{found}, the limit is {length(planned.rto)}") if item.rto_missed else ("", "")
        yield _Case(name=f"{name}: RTO", about=name, seconds=item.rto or 0.0, failure=failure)
    if planned.rpo is not None:
        failure = (
            ("rpo", f"{length(item.rpo)} of data lost, the limit is {length(planned.rpo)}")
            if item.rpo_missed
            else ("", "")
        )
        yield _Case(name=f"{name}: RPO", about=name, seconds=0, failure=failure)


def _text(text: str) -> str:
    """The text without the characters that XML 1.0 cannot hold."""
    return "".join(
        char if char in "\t\n\r" or " " <= char <= "\ud7ff" or "\ue000" <= char <= "\ufffd" or char > "\uffff" else "�"
        for char in text
    )
