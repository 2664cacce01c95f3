# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run one WMI method: the request, and what came back."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Union

from ansible_collections.hyperv.replica.plugins.module_utils._errors import (
    OutcomeUnknown,
    WireError,
    WsmanFault,
)
from ansible_collections.hyperv.replica.plugins.module_utils._wire import names
from ansible_collections.hyperv.replica.plugins.module_utils._wire.cim import CimInstance, CimReference
from ansible_collections.hyperv.replica.plugins.module_utils._wire.document import local_name
from ansible_collections.hyperv.replica.plugins.module_utils._wire.envelope import Request, Talk
from ansible_collections.hyperv.replica.plugins.module_utils._wire.values import iso_interval, iso_moment

#: Faults by which a host refuses how parameters are written; nothing was carried out then (DSP0226, section 14.6).
_WRONG_FORM: Final = frozenset({"SchemaValidationError", "InvalidParameter"})


class EmbeddedText(str):
    """CIM-XML text of an instance, such as `embedded_text` writes. It goes out as any text does; the type says why."""

    __slots__ = ()


Single = Union[bool, int, str, datetime, timedelta, CimReference]
CimValue = Union[Single, Sequence[Single], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodAnswer:
    """What a method gave back.

    Attributes:
        return_value: a number of that method's table; other than 0 it is no fault.
        job: where the work goes on, which may be an Msvm_ConcreteJob or an Msvm_StorageJob.
        outputs: every out-parameter.
    """

    return_value: int
    job: CimReference | None
    outputs: CimInstance


def method_request(
    target: CimReference, method: str, arguments: Mapping[str, CimValue], *, repeatable: bool = False
) -> Request:
    """Build the request that runs the method on the target.

    None goes out as ``xsi:nil``: "the latest point" is said, never left out by accident. An empty sequence goes out as
    nothing, which is how WS-CIM writes an array without elements.
    """
    uri = target.resource_uri
    body = ET.Element(f"{{{uri}}}{method}_INPUT")
    for name, value in arguments.items():
        _append_parameter(body, f"{{{uri}}}{name}", value)
    return Request(action=f"{uri}/{method}", resource_uri=uri, selectors=target.keys, body=body, repeatable=repeatable)


def method_answer(method: str, body: ET.Element) -> MethodAnswer:
    """Read what came back; raises WireError where it is not this method's output with a ReturnValue."""
    if local_name(body) != f"{method}_OUTPUT":
        raise WireError(f"the output of {method} was expected and {local_name(body)} came")
    outputs = CimInstance.from_element(body)
    return_value = outputs.integer("ReturnValue")
    if return_value is None:
        raise WireError(f"{method} was answered without a ReturnValue")
    return MethodAnswer(return_value=return_value, job=outputs.reference("Job"), outputs=outputs)


def call(
    target: CimReference, method: str, arguments: Mapping[str, CimValue], *, repeatable: bool = False
) -> Talk[MethodAnswer]:
    """Run the method. A host that refuses how it was asked, before running it, is asked without the null arguments.

    Raises:
        OutcomeUnknown: also where an answer came that nobody can read, since the method may have run.
    """
    given = {name: value for name, value in arguments.items() if value is not None}
    try:
        return (yield from _run(target, method, arguments, repeatable=repeatable))
    except WsmanFault as fault:
        if fault.subcode not in _WRONG_FORM or len(given) == len(arguments):
            raise
    return (yield from _run(target, method, given, repeatable=repeatable))


def _run(
    target: CimReference, method: str, arguments: Mapping[str, CimValue], *, repeatable: bool
) -> Talk[MethodAnswer]:
    request = method_request(target, method, arguments, repeatable=repeatable)
    try:
        return method_answer(method, (yield request))
    except WireError as error:
        if repeatable:
            raise
        raise OutcomeUnknown(
            f"{method} was answered with something that cannot be read",
            host=error.host,
            cause=error.found,
            detail=error.detail,
        ) from error


def _append_parameter(body: ET.Element, tag: str, value: CimValue) -> None:
    if value is None:
        ET.SubElement(body, tag, {f"{{{names.XSI}}}nil": "true"})
    elif isinstance(value, (bool, int, str, datetime, timedelta, CimReference)):
        _append_single(ET.SubElement(body, tag), value)
    else:
        for single in value:
            _append_single(ET.SubElement(body, tag), single)


def _append_single(element: ET.Element, value: Single) -> None:
    match value:
        case bool():
            element.text = "true" if value else "false"
        case int():
            element.text = str(int(value))
        case str():
            element.text = str.__str__(value)  # the value of an Enum of texts too, not its name
        case datetime():
            ET.SubElement(element, f"{{{names.CIM_COMMON}}}Datetime").text = iso_moment(value)
        case timedelta():
            ET.SubElement(element, f"{{{names.CIM_COMMON}}}Interval").text = iso_interval(value)
        case CimReference():
            value.append_to(element)
