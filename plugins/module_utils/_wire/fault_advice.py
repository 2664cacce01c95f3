# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each known fault means and what would make it right.

Numbers and names: wsmerror.h and Microsoft's page "WMI Error Constants"; which fault comes with which was read in
recorded replies and in microsoft/omi.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Advice(NamedTuple):
    """Cause and remedy, as sentences without a full stop."""

    cause: str = ""
    remedy: str = ""


_RIGHTS: Final = Advice(
    "The account signed in and is not allowed to do this",
    "Make it a member of Hyper-V Administrators or Administrators on the host; a local account is filtered by UAC",
)
_TIMED_OUT: Final = Advice(
    "The host stopped waiting for its own work, and the work may go on", "Look at the host before asking again"
)
_NOT_FOUND: Final = Advice(
    "The object, its class or its namespace is not on this host",
    "See that the host has the Hyper-V role and that the virtual machine still exists there",
)
_NO_CLASS: Final = Advice(
    "The host has no such WMI class or namespace",
    "See that the Hyper-V role is installed and that the host is Windows Server 2012 R2 or newer",
)
_FILTER: Final = Advice("The host does not take this query", "Nothing to do: the class is read whole instead")
_QUERY: Final = Advice(
    "WMI does not understand the query, or a property in it is not known to this version of Windows",
    "Report it with the version of Windows",
)
_SELECTORS: Final = Advice(
    "The keys given do not name one object of this class", "Report it with the version of Windows"
)
_VALUE: Final = Advice("A value in the request is not accepted", "See the option that the text names")
_PARAMETER: Final = Advice(
    "The method does not know a parameter, or not with this type", "Report it with the version of Windows"
)
_SHAPE: Final = Advice(
    "The host does not accept how the parameters are written", "Report it with the version of Windows"
)
_METHOD: Final = Advice(
    "The host does not know this method", "It needs Windows Server 2012 R2 or newer with the Hyper-V role"
)
_QUOTA: Final = Advice(
    "A quota of WinRM on the host is used up", "Wait, end what else talks to this host, or raise the quota"
)
_TOO_LARGE: Final = Advice(
    "The message is larger than the host allows", "Raise MaxEnvelopeSizekb on the host (winrm set winrm/config)"
)
_CONTEXT: Final = Advice("The host forgot where the query stood", "Run this again")
_HEADER: Final = Advice("The host does not accept a header of the request", "See the timeouts of the connection")
_MODE: Final = Advice("The host cannot give this kind of list", "Report it with the version of Windows")
_NOT_CAPABLE: Final = Advice("The WMI provider cannot do this", "See the version of Windows and of the Hyper-V role")
_GENERAL: Final = Advice(
    "The WMI provider failed without saying why", "See the event log Hyper-V-VMMS on the host, then run this again"
)
_STOPPING: Final = Advice("The host or its management service is shutting down", "Wait until it is up, then run again")

#: By WMI error, by WSManFault code, by fault detail, by subcode.
ADVICE: Final[dict[int | str | None, Advice]] = {
    0x80041001: _GENERAL,
    0x80041002: _NOT_FOUND,
    0x80041003: _RIGHTS,
    0x80041008: _VALUE,
    0x8004100E: _NO_CLASS,
    0x80041010: _NO_CLASS,
    0x80041017: _QUERY,
    0x80041024: _NOT_CAPABLE,
    0x8004102E: _METHOD,
    0x8004102F: _PARAMETER,
    0x80041033: _STOPPING,
    0x8004103A: _SELECTORS,
    5: _RIGHTS,
    87: _VALUE,
    2150858752: _NOT_FOUND,
    2150858754: _NO_CLASS,
    2150858767: _HEADER,
    2150858778: _FILTER,
    2150858790: _TOO_LARGE,
    2150858793: _TIMED_OUT,
    2150858805: _TOO_LARGE,
    2150858810: _VALUE,
    2150858811: _NO_CLASS,
    2150858813: _SELECTORS,
    2150858815: _QUOTA,
    2150858817: _SHAPE,
    2150858823: _TOO_LARGE,
    2150858824: _TOO_LARGE,
    2150858825: _TOO_LARGE,
    2150858836: _PARAMETER,
    2150858837: _PARAMETER,
    2150858842: _SELECTORS,
    2150858843: _SELECTORS,
    2150858844: _SELECTORS,
    2150858846: _SELECTORS,
    2150858847: _SELECTORS,
    2150858878: _TOO_LARGE,
    2150858881: _HEADER,
    2150858884: _CONTEXT,
    2150858886: _MODE,
    2150859002: _SELECTORS,
    2150859003: _FILTER,
    2150859008: _SHAPE,
    2150859010: _NOT_CAPABLE,
    2150859173: _QUOTA,
    2150859174: _QUOTA,
    2150859181: _CONTEXT,
    "AccessDenied": _RIGHTS,
    "ActionNotSupported": _METHOD,
    "CannotProcessFilter": _FILTER,
    "DestinationUnreachable": _NOT_FOUND,
    "EncodingLimit": _TOO_LARGE,
    "FilteringNotSupported": _FILTER,
    "FilterDialectRequestedUnavailable": _FILTER,
    "InternalError": _GENERAL,
    "InvalidEnumerationContext": _CONTEXT,
    "InvalidMessageInformationHeader": _HEADER,
    "InvalidParameter": _PARAMETER,
    "InvalidSelectors": _SELECTORS,
    "MustUnderstand": _HEADER,
    "QuotaLimit": _QUOTA,
    "SchemaValidationError": _SHAPE,
    "TimedOut": _TIMED_OUT,
}
