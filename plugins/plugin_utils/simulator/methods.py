# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Methods: parameters from the elements of a request, a call of the rules, elements of the reply."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._wire import names
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.catalogue import Instance, Property
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.elements import (
    embedded_text,
    instance_ref,
    object_xml,
    property_xml,
    text_xml,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.embedded import Unfit, read_embedded
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.faults import INVALID_METHOD_PARAMETERS, Fault
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.identities import Sight, setting_ref
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.reader import (
    is_nil,
    local_name,
    namespace_of,
    read_reference,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.rules import call
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.signatures import Parameter, Signature
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.summary import summary
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import MethodCall, MethodResult

_DATETIME: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,6})?\d*(Z|[-+]\d\d:\d\d)?")
_INTERVAL: Final = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
_RANGES: Final = {"uint8": 2**8, "uint16": 2**16, "uint32": 2**32, "uint64": 2**64}


def invoke(sight: Sight, one: Instance, method: str, known: Signature, body: ET.Element) -> str:
    """The ``_OUTPUT`` element of a method asked of an instance.

    Raises:
        Fault: the parameters are not those of the signature.
    """
    try:
        arguments = _arguments(known, body, ordered=sight.world.switches.is_("parameter_order", "mof"))
    except Unfit as error:
        result, arguments = MethodResult(error.code), {}
    else:
        keys = {name: str(value) for name, value in instance_ref(one).keys.items()}
        asked = MethodCall(class_name=one.of.name, keys=keys, method=method, arguments=arguments)
        result = call(sight.world, sight.host, asked)
    return _output(sight, one, method, known, result, arguments)


def _arguments(known: Signature, body: ET.Element, *, ordered: bool) -> dict[str, Any]:
    """The arguments by name. Whether their order counts is a switch; a null one is absent or xsi:nil.

    A missing one is 0x8004102F.
    """
    given: dict[str, list[ET.Element]] = {}
    space = namespace_of(body).casefold()
    for element in body:
        if namespace_of(element).casefold() != space:
            raise Fault("schema", f"{local_name(element.tag)} is in another namespace than the method's input")
        if known.parameter(local_name(element.tag)) is None:
            raise Fault("parameter_name", f"{local_name(element.tag)} is no parameter")
        given.setdefault(local_name(element.tag), []).append(element)
    if ordered and [*given] != [one.name for one in known.parameters if one.name in given]:
        raise Fault("schema", f"the order is {', '.join(one.name for one in known.parameters)}")
    arguments = {one.name: _argument(one, given.get(one.name, [])) for one in known.parameters}
    missing = [one.name for one in known.parameters if arguments[one.name] is None and not one.nullable]
    if missing:
        raise Fault("internal", f"missing: {', '.join(missing)}", hresult=INVALID_METHOD_PARAMETERS)
    return arguments


def _argument(one: Parameter, elements: list[ET.Element]) -> Any:
    filled = [element for element in elements if not is_nil(element)]
    if one.array:
        return [_value(one, element) for element in filled] if filled else None
    if len(filled) > 1:
        raise Fault("parameter_type", f"{one.name} is no array")
    return _value(one, filled[0]) if filled else None


def _value(one: Parameter, element: ET.Element) -> Any:
    if one.kind == "reference":
        return read_reference(element)
    if one.kind == "point":  # the page says reference, a sample's comment embedded instance: the rules decide
        return read_reference(element) if len(element) else read_embedded(element.text or "", one.class_name)
    if one.kind == "datetime":
        return _moment(one, element)
    if len(element):
        raise Fault("schema", f"{one.name} holds elements where a value belongs")
    text = element.text or ""
    if one.kind == "embedded":
        return read_embedded(text, one.class_name)
    return text if one.kind == "string" else _scalar(one, text.strip())


def _scalar(one: Parameter, text: str) -> int | bool:
    if one.kind == "boolean":
        if text.casefold() not in ("true", "false", "1", "0"):
            raise Fault("parameter_type", f"{one.name} is no boolean")
        return text.casefold() in ("true", "1")
    if not re.fullmatch(r"[-+]?\d{1,20}", text) or not 0 <= int(text) < _RANGES.get(one.kind, 2**64):
        raise Fault("parameter_type", f"{one.name} is no {one.kind}")
    return int(text)


def _moment(one: Parameter, element: ET.Element) -> datetime | timedelta:
    """A time as cim:Datetime, or an interval as cim:Interval, inside the parameter (WS-CIM mapping, DSP0230)."""
    inner = next(iter(element), None)
    text = (element.text if inner is None else inner.text) or ""
    try:
        return _read_moment(text.strip())
    except (ValueError, OverflowError):
        raise Fault("parameter_type", f"{one.name} is no datetime") from None


def _read_moment(text: str) -> datetime | timedelta:
    if found := _DATETIME.fullmatch(text):
        moment = datetime.fromisoformat(found[1]) + timedelta(seconds=float(f"0{found[2] or '.0'}"))
        return _with_offset(moment, found[3] or "Z")
    found = _INTERVAL.fullmatch(text)
    if found is None or text in ("P", "PT"):
        raise ValueError(text)
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def _with_offset(moment: datetime, offset: str) -> datetime:
    if offset == "Z":
        return moment.replace(tzinfo=timezone.utc)
    minutes = int(offset[1:3]) * 60 + int(offset[4:6])
    away = timedelta(minutes=-minutes if offset[0] == "-" else minutes)
    return moment.replace(tzinfo=timezone(away))


def _output(
    sight: Sight, one: Instance, method: str, known: Signature, result: MethodResult, arguments: Mapping[str, Any]
) -> str:
    outputs = dict(result.outputs)
    if result.job is not None:
        outputs["Job"] = setting_ref("Msvm_ConcreteJob", result.job.guid)
    if sight.world.switches.is_("null_outputs", "nil"):
        outputs = dict.fromkeys(known.outputs) | outputs
    else:
        outputs = {name: value for name, value in outputs.items() if value is not None}
    inner = "".join(_out(sight, name, outputs[name], arguments) for name in sorted(outputs))
    return (
        f'<p:{method}_OUTPUT xmlns:xsi="{names.XSI}" xmlns:p="{one.of.uri}" xmlns:cim="{names.CIM_COMMON}">'
        f"{inner}<p:ReturnValue>{int(result.return_value)}</p:ReturnValue></p:{method}_OUTPUT>"
    )


def _out(sight: Sight, name: str, value: Any, arguments: Mapping[str, Any]) -> str:
    if name == "SummaryInformation":
        return "".join(_summary(sight, one, arguments) for one in value or ())
    return property_xml(Property(name, "string", array=isinstance(value, list)), value)


def _summary(sight: Sight, one: Any, arguments: Mapping[str, Any]) -> str:
    told = summary(sight, one, arguments.get("RequestedInformation") or ())
    if sight.world.switches.is_("summary_information", "nested"):
        return object_xml("p:SummaryInformation", told)
    return f"<p:SummaryInformation>{text_xml(embedded_text(told))}</p:SummaryInformation>"
