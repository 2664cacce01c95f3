# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A WinRM host with remote shells whose PowerShell costs nothing: each command is answered at once, with given words.

It speaks as much of the shell protocol (MS-WSMV, MS-PSRP) as pywinrm and pypsrp need to run one script. Where a real
host may need several answers it gives one, so a client never waits here for more than it would have to.
"""

from __future__ import annotations

import base64
import contextlib
import threading
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any

from psrpcore import PSRPPayload, ServerPipeline, ServerRunspacePool, StreamType

from ansible_collections.hyperv.replica.tests.benchmark.relay import Quiet, serving

SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
POWERSHELL = "http://schemas.microsoft.com/powershell"
#: Prefix: namespace, as in MS-WSMV, section 2.2.1.
NS = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "x": "http://schemas.xmlsoap.org/ws/2004/09/transfer",
    "rsp": SHELL,
    "ps": POWERSHELL,
}
ENVELOPE = """<s:Envelope {spaces}><s:Header><a:Action>{action}Response</a:Action><a:RelatesTo>{to}</a:RelatesTo>\
</s:Header><s:Body>{body}</s:Body></s:Envelope>"""
CREATED = """<x:ResourceCreated><a:Address>http://localhost/wsman</a:Address><a:ReferenceParameters>\
<w:ResourceURI>{uri}</w:ResourceURI><w:SelectorSet><w:Selector Name="ShellId">{shell}</w:Selector></w:SelectorSet>\
</a:ReferenceParameters></x:ResourceCreated><rsp:Shell><rsp:ShellId>{shell}</rsp:ShellId></rsp:Shell>"""
DONE = f'<rsp:CommandState CommandId="{{command}}" State="{SHELL}/CommandState/Done"><rsp:ExitCode>0</rsp:ExitCode>\
</rsp:CommandState>'


class Shells:
    """All shells of one host.

    Args:
        words: what every command writes.
    """

    def __init__(self, words: str) -> None:
        self.words = words
        self.pools: dict[str, ServerRunspacePool] = {}
        self.lock = threading.Lock()

    def answered(self, envelope: bytes) -> bytes:
        """The envelope that answers this one."""
        asked = ET.fromstring(envelope)
        action = asked.findtext("s:Header/a:Action", "", NS)
        with self.lock:
            body = self.body_for(action.rpartition("/")[2], asked)
        spaces = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in NS.items())
        to = asked.findtext("s:Header/a:MessageID", "", NS)
        return ENVELOPE.format(spaces=spaces, action=action, to=to, body=body).encode()

    def body_for(self, verb: str, asked: ET.Element) -> str:
        shell = asked.findtext("s:Header/w:SelectorSet/w:Selector", "", NS)
        match verb:
            case "Create":
                return self.created(asked)
            case "Command":
                command = self.begun(shell, asked)
                return f"<rsp:CommandResponse><rsp:CommandId>{command}</rsp:CommandId></rsp:CommandResponse>"
            case "Receive":
                return f"<rsp:ReceiveResponse>{self.output(shell, asked)}</rsp:ReceiveResponse>"
            case "Signal":
                return "<rsp:SignalResponse/>"
            case "Delete":
                self.pools.pop(shell, None)
                return ""
        raise ValueError(f"this host does not know {verb}")

    def created(self, asked: ET.Element) -> str:
        wanted = asked.find("s:Body/rsp:Shell", NS)
        shell = (wanted.get("ShellId") if wanted is not None else None) or str(uuid.uuid4()).upper()
        opening = asked.findtext("s:Body/rsp:Shell/ps:creationXml", None, NS)
        if opening is not None:
            self.pools[shell] = ServerRunspacePool()
            take(self.pools[shell], opening, None)
        return CREATED.format(uri=asked.findtext("s:Header/w:ResourceURI", "", NS), shell=shell)

    def begun(self, shell: str, asked: ET.Element) -> str:
        line = asked.find("s:Body/rsp:CommandLine", NS)
        command = (line.get("CommandId") if line is not None else None) or str(uuid.uuid4()).upper()
        if shell in self.pools:
            pipeline = ServerPipeline(self.pools[shell], uuid.UUID(command))
            take(
                self.pools[shell], asked.findtext("s:Body/rsp:CommandLine/rsp:Arguments", "", NS), pipeline.pipeline_id
            )
            pipeline.start()
            pipeline.write_output(self.words)
            pipeline.complete()
        return command

    def output(self, shell: str, asked: ET.Element) -> str:
        wanted = asked.find("s:Body/rsp:Receive/rsp:DesiredStream", NS)
        command = wanted.get("CommandId", "") if wanted is not None else ""
        said = given(self.pools[shell]) if shell in self.pools else self.words.encode()
        whose = f' CommandId="{command}"' if command else ""
        stream = f'<rsp:Stream Name="stdout"{whose}>{base64.b64encode(said).decode()}</rsp:Stream>'
        return stream + (DONE.format(command=command) if command else "")


def take(pool: ServerRunspacePool, fragments: str, pipeline: uuid.UUID | None) -> None:
    """Let the pool read what a client sent."""
    pool.receive_data(PSRPPayload(base64.b64decode(fragments), StreamType.default, pipeline))
    while pool.next_event() is not None:
        pass


def given(pool: ServerRunspacePool) -> bytes:
    """Everything the pool has to say, in one piece."""
    said = b""
    while (payload := pool.data_to_send()) is not None:
        said += payload.data
    return said


@contextlib.contextmanager
def shell_host(words: str) -> Iterator[int]:
    """A host with shells on a free port of loopback, which is given; it takes every password."""
    shells = Shells(words)

    class Door(Quiet):
        """Hands envelopes to the shells."""

        def do_POST(self) -> None:
            self.answer(200, [("Content-Type", "application/soap+xml;charset=UTF-8")], shells.answered(self.body()))

    with serving(Door) as port:
        yield port


def basic(port: int) -> dict[str, Any]:
    """What pypsrp's WSMan needs to come in."""
    return {
        "server": "127.0.0.1",
        "port": port,
        "ssl": False,
        "auth": "basic",
        "encryption": "never",
        "username": "somebody",
        "password": "something",
        "no_proxy": True,
    }
