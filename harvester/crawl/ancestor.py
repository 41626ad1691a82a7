"""The process that harvests are forked from: it has imported what they need, which takes a second of CPU, once for all.

It does nothing but import and fork: no threads, no connections, no configuration, so that what is forked begins clean.
Its stdin is a socket to `harvester.crawl.forking`; when that ends, so does it. Signals are left to those whom they
are meant for: supervisors send them to every process of a service, and children that were not told yet are forked here.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
from importlib import import_module

from harvester.crawl import child, handler  # noqa: F401 - the handler is what crawls would import first
from harvester.crawl.forking import ANSWER, ASK, FORK, STREAMS, WAIT
from harvester.crawl.loader import PROTOCOLS

_CRAWLS_IMPORT = ("downloads", "listing", "politeness")
"""Modules that `harvester.settings` names and Scrapy imports when a crawl begins."""


def main() -> None:
    """Fork as asked; returns in the one process that asked, or ends with a harvest in a forked one."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    for module in _CRAWLS_IMPORT:
        import_module(f"harvester.crawl.{module}")
    for spider in PROTOCOLS.values():
        import_module(spider.rpartition(".")[0])
    gc.freeze()  # a collection in a child would copy all these pages
    if _forked(socket.socket(fileno=0)):
        child.main()


def _forked(asker: socket.socket) -> bool:
    """Whether this is a child now: its standard streams are those that came with the request."""
    while True:
        request, streams, _, _ = socket.recv_fds(asker, ASK.size, STREAMS)
        if not request:
            return False
        what, pid = ASK.unpack(request)
        if what == WAIT:
            asker.sendall(ANSWER.pack(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])))
            continue
        assert what == FORK
        if not (pid := os.fork()):
            os.setsid()  # a terminal's Ctrl-C is for the parent, which asks the children
            asker.detach()  # stdin is another thing now, and the socket's number with it
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
                os.close(stream)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            return True
        for stream in streams:
            os.close(stream)
        asker.sendall(ANSWER.pack(pid))


if __name__ == "__main__":
    main()
