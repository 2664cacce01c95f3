# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What time is it over there? An HTTP server tells it in every answer, a refusal included (RFC 9110, section 6.6.1)."""

from __future__ import annotations

import http.client
import ssl
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit


def date_of(endpoint: str, timeout: float) -> datetime | None:
    """The Date that the server at this URL puts into its answer, in UTC; None where there is no answer or no date.

    Nothing is sent but an empty request, and the certificate is not looked at: no credentials are involved.
    """
    url = urlsplit(endpoint)
    if url.scheme == "https":
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            url.hostname or "", url.port, timeout=timeout, context=context
        )
    else:
        connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=timeout)
    try:
        connection.request("POST", url.path, headers={"Content-Length": "0"})
        return _read(connection.getresponse().getheader("Date"))
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _read(date: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(date) if date else None
    except ValueError:
        return None
