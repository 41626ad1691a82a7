"""Rules of the house that no single room can check."""

from __future__ import annotations

import subprocess
import sys

IMPORT_EVERYTHING = """
import builtins, importlib, io, os, pkgutil, socket, sys
real_open = io.open
def refuse(*arguments, **keywords):
    raise AssertionError("a connection was opened while importing")
def reading_only(file, mode="r", *arguments, **keywords):
    assert not set(mode) & set("wax+"), f"{file} was opened for writing while importing"
    return real_open(file, mode, *arguments, **keywords)
socket.socket.connect = refuse
socket.getaddrinfo = refuse
builtins.open = reading_only
os.mkdir = os.makedirs = refuse
count = 0
for root in ("harvester", "indexer"):
    for module in pkgutil.walk_packages(importlib.import_module(root).__path__, root + "."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
            count += 1
print(count)
"""


def test_no_module_does_input_or_output_when_imported() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", IMPORT_EVERYTHING], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 30
