# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The faults a WinRM service answers with: what each is called, its numbers, and the trouble that asks for one.

Numbers and subcodes: wsmerror.h of the Windows SDK, as named in Microsoft's OMI (Unix/wsman) too, and recorded replies;
where a recording and the table differ, the recording stands. 1359 is ERROR_INTERNAL_ERROR of winerror.h.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.trouble import Trouble


class Kind(NamedTuple):
    """One kind of fault.

    Attributes:
        subcode: with the prefix of its namespace: a, e, n, w or x; s for one that is a code by itself.
        code: the number in WSManFault.
        text: name of the reason in ``phrases.FAULTS``.
        detail: last part of the FaultDetail URI; empty where there is none.
        receiver: the fault is the service's, not the sender's.
    """

    subcode: str
    code: int
    text: str
    detail: str = ""
    receiver: bool = False


#: WBEM codes (Microsoft's page wmi-error-constants).
NOT_FOUND: Final = 0x80041002
INVALID_NAMESPACE: Final = 0x8004100E
INVALID_CLASS: Final = 0x80041010
INVALID_QUERY: Final = 0x80041017
NOT_CAPABLE: Final = 0x80041024
QUOTA_VIOLATION: Final = 0x8004106C
INVALID_METHOD: Final = 0x8004102E
INVALID_METHOD_PARAMETERS: Final = 0x8004102F

KINDS: Final[dict[str, Kind]] = {
    "access_denied": Kind("w:AccessDenied", 5, "access_denied"),
    "not_found": Kind("a:DestinationUnreachable", 2150858752, "not_found", "InvalidResourceURI"),
    "bad_uri": Kind("a:DestinationUnreachable", 2150858811, "not_found", "InvalidResourceURI"),
    "no_selectors": Kind("w:InvalidSelectors", 2150859002, "invalid_selectors"),
    "query_on_class": Kind("n:CannotProcessFilter", 2150859003, "invalid_query"),
    "unexpected_selectors": Kind("w:InvalidSelectors", 2150858843, "invalid_selectors", "UnexpectedSelectors"),
    "insufficient_selectors": Kind("w:InvalidSelectors", 2150858842, "invalid_selectors", "InsufficientSelectors"),
    "duplicate_selectors": Kind("w:InvalidSelectors", 2150858847, "invalid_selectors", "DuplicateSelectors"),
    "selectors": Kind("w:InvalidSelectors", 2150858813, "invalid_selectors"),
    "parameter_name": Kind("w:InvalidParameter", 2150858837, "invalid_parameter", "InvalidName"),
    "parameter_type": Kind("w:InvalidParameter", 2150858836, "invalid_parameter", "TypeMismatch"),
    "parameter_value": Kind("w:InvalidParameter", 2150858810, "invalid_parameter", "InvalidValue"),
    "schema": Kind("w:SchemaValidationError", 2150858817, "schema"),
    "action": Kind("a:ActionNotSupported", 2150858771, "unsupported"),
    "not_capable": Kind("w:InternalError", 2150859010, "unsupported", receiver=True),
    "filter": Kind("n:CannotProcessFilter", 2150858778, "invalid_query"),
    "filter_dialect": Kind("n:FilterDialectRequestedUnavailable", 2150858777, "invalid_query"),
    "filtering": Kind("n:FilteringNotSupported", 2150858776, "unsupported"),
    "mode": Kind("w:UnsupportedFeature", 2150858886, "unsupported", "EnumerationMode"),
    "fragment": Kind("n:CannotProcessFilter", 2150858899, "invalid_parameter"),
    "context": Kind("n:InvalidEnumerationContext", 2150858884, "invalid_context", receiver=True),
    "version": Kind("s:VersionMismatch", 2150858765, "schema"),
    "header_required": Kind("a:MessageInformationHeaderRequired", 2150858769, "invalid_parameter"),
    "header": Kind("a:InvalidMessageInformationHeader", 2150858767, "invalid_parameter"),
    "must_understand": Kind("s:MustUnderstand", 2150858768, "unsupported"),
    "minimum_envelope": Kind("w:EncodingLimit", 2150858878, "encoding_limit", "MinimumEnvelopeLimit"),
    "envelope": Kind("w:EncodingLimit", 2150858825, "encoding_limit", "ServiceEnvelopeLimit"),
    "item_too_large": Kind("w:EncodingLimit", 2150858824, "encoding_limit", "MaxEnvelopeSize"),
    "subscription": Kind("e:FilteringRequestedUnavailable", 2150858786, "unsupported"),
    "timed_out": Kind("w:TimedOut", 2150858793, "timed_out", receiver=True),
    "quota_limit": Kind("w:QuotaLimit", 2150859173, "quota", receiver=True),
    "operations": Kind("w:InternalError", 2150859174, "quota", receiver=True),
    "internal": Kind("w:InternalError", 1359, "internal", receiver=True),
}

#: Detail forms; a trouble may name one in ``detail``.
PROVIDER_FAULT: Final = "provider_fault"
MSFT_WMI_ERROR: Final = "msft_wmi_error"

_LOCAL_NAMES: Final = {kind.subcode.partition(":")[2].casefold(): kind for kind in reversed(KINDS.values())}
_NOT_SET: Final = Trouble.__dataclass_fields__["code"].default


class Fault(Exception):
    """The host answers with a fault instead of a reply."""

    def __init__(self, name: str, found: str = "", *, hresult: int = 0, query: str = "", tag: str = "") -> None:
        """Answer with the fault of this name.

        Args:
            name: key of ``KINDS``.
            found: in English, what was wrong; it stands behind the localised reason.
            hresult: the WMI error inside, where WMI raised it.
            query: the query WMI did not take.
            tag: the header that was not understood.
        """
        super().__init__(found or name)
        self.kind = KINDS[name]
        self.found = found
        self.hresult = hresult
        self.query = query
        self.tag = tag
        self.form = MSFT_WMI_ERROR if name == "quota_limit" else ""


def not_found(what: str, hresult: int = NOT_FOUND) -> Fault:
    """What was asked for does not exist: an instance, a class or a namespace."""
    return Fault("not_found", what, hresult=hresult)


def invalid_query(why: str, query: str = "", hresult: int = INVALID_QUERY) -> Fault:
    """WMI does not take the query."""
    return Fault("filter", why, hresult=hresult, query=query)


def ordered(trouble: Trouble) -> Fault:
    """The fault that a trouble of kind ``fault`` or ``quota`` asks for, by name of ours or by subcode."""
    name = trouble.name or ("operations" if trouble.kind == "quota" else "internal")
    kind = KINDS.get(name) or _LOCAL_NAMES.get(name.rpartition(":")[2].casefold()) or Kind(f"w:{name}", 0, "internal")
    fault = Fault("quota_limit" if kind is KINDS["quota_limit"] else "internal", "ordered by the rehearsal")
    fault.kind = kind if trouble.code == _NOT_SET else kind._replace(code=trouble.code)
    if trouble.detail in (PROVIDER_FAULT, MSFT_WMI_ERROR):
        fault.form = trouble.detail
        fault.hresult = fault.kind.code
    elif trouble.detail:
        fault.kind = fault.kind._replace(detail=trouble.detail.rpartition("/")[2])
    return fault
