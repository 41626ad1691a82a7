"""Schedules for other schedulers say what the cron line says, in their own words."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim

from harvester import units
from harvester.errors import UsageError
from tests.test_timetable import source

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=ZoneInfo("Asia/Seoul"))


@pytest.mark.parametrize(
    ("line", "events"),
    [
        ("20 3 * * *", ["*-*-* 03:20:00"]),
        ("*/20 * * * *", ["*-*-* *:00,20,40:00"]),
        ("0 4 * JAN-MAR MON-FRI", ["Mon,Tue,Wed,Thu,Fri *-01,02,03-* 04:00:00"]),
        ("0 4 * * 7", ["Sun *-*-* 04:00:00"]),
        # both days named: one or the other; one of them begins with a star: both, as Debian's cron does it
        ("0 4 1,15 * MON", ["*-*-01,15 04:00:00", "Mon *-*-* 04:00:00"]),
        ("0 0 1-31 * 1", ["*-*-* 00:00:00", "Mon *-*-* 00:00:00"]),
        ("0 0 1 * 1-7", ["*-*-01 00:00:00", "*-*-* 00:00:00"]),
        ("0 4 */10 * MON", ["Mon *-*-01,11,21,31 04:00:00"]),
    ],
)
def test_calendar_events(line: str, events: list[str]) -> None:
    one = source(schedule=line)
    assert units.on_calendar(one) == [f"{event} Asia/Seoul" for event in events]
    if shutil.which("systemd-analyze"):
        moments = CronSim(line, NOON)
        assert moments_of(units.on_calendar(one)) == [next(moments).replace(tzinfo=None) for _ in range(8)]


def moments_of(events: list[str]) -> list[datetime]:
    """The next eight moments of calendar events after `NOON`, as systemd itself tells them."""
    found = set()
    command = ["systemd-analyze", "calendar", "--iterations=8", f"--base-time={NOON:%Y-%m-%d %H:%M:%S}", *events]
    told = subprocess.run(command, capture_output=True, text=True, check=True, env={"TZ": "Asia/Seoul", "LANG": "C"})
    for line in told.stdout.splitlines():
        words = line.split()
        if words[-1:] == ["KST"]:
            found.add(datetime.fromisoformat(" ".join(words[-3:-1])))
    return sorted(found)[:8]


@pytest.mark.parametrize("line", ["0 0 L * *", "0 0 * * 5L", "0 0 * * MON#2"])
def test_what_others_cannot_say_is_told(line: str) -> None:
    with pytest.raises(UsageError, match="use `datamoa worker`"):
        units.on_calendar(source(schedule=line))
    with pytest.raises(UsageError, match="use `datamoa worker`"):
        units.crontab([source(schedule=line)], ["datamoa"], {})


ODD_FOLDERS = ["/srv/plain", '/srv/o "x" 100%', "/srv/$HOME/it's", "/srv/a\\b\\", "/srv/한글 ; %i", "/srv/a=b;c"]


@pytest.mark.parametrize("folder", [*ODD_FOLDERS, "/srv/two\nExecStartPre=/bin/false"])
def test_odd_folders_in_a_service(folder: str, tmp_path: Path) -> None:
    text = units.systemd([], [f"{folder}/datamoa"], {"DATAMOA_HOME": folder})["datamoa@.service"]
    directives = [line for line in text.splitlines() if "=" in line and not line.startswith("#")]
    assert [line.partition("=")[0] for line in directives] == [
        "Description", "After", "Wants", "Type", "Environment", "EnvironmentFile", "ExecStart", "SuccessExitStatus",
    ]  # fmt: skip
    environment, command = (words(directives[number].partition("=")[2]) for number in (4, 6))
    assert environment == [f"DATAMOA_HOME={folder}"]
    assert not set(command[0]) & set("\"'\\$\n")
    if command[0] == "/bin/sh":
        assert command[1] == "-c"
        said = [word.replace("$$", "$") for word in command[2:]]
        assert said == ['exec "$0" "$@"', f"{folder}/datamoa", "harvest", "%i"]
    else:
        assert command == [f"{folder}/datamoa", "harvest", "%i"]
    assert verified({"datamoa@.service": text}, tmp_path) in ("", f"Command {folder}/datamoa is not executable")


def words(line: str) -> list[str]:
    """A command line as systemd reads it, but for $ and what stands for the instance (%i)."""
    found = []
    for quoted, plain in re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', line):
        text = re.sub(r"\\(x[0-9a-f]{2}|.)", lambda code: chr(int(code[1][1:], 16)) if code[1][1:] else code[1], quoted)
        found.append((text or plain).replace("%%", "%"))
    return found


def verified(files: dict[str, str], folder: Path) -> str:
    """What systemd itself has to say against units; nothing where it is not there."""
    if not shutil.which("systemd-analyze"):
        return ""
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    (name,) = files
    command = ["systemd-analyze", "verify", "--man=no", str(folder / name.replace("@.", "@m.one."))]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    said = [line.partition(": ")[2] for line in told.stderr.splitlines() if line.startswith(("datamoa@", str(folder)))]
    return "\n".join(said).removesuffix(": No such file or directory")


@pytest.mark.parametrize(
    ("title", "description"),
    [
        ("지도", "지도"),
        ("100 % open %h", "100 %% open %%h"),
        ("두 줄\n[Timer]\nUnit=reboot.target", "두 줄 [Timer] Unit=reboot.target"),
        ("a\r\x00\x0b\x85\u2028b", "a b"),
        ("ends so \\", "ends so \\"),
    ],
)
def test_a_title_says_nothing_but_itself(title: str, description: str, tmp_path: Path) -> None:
    text = units.systemd([source(title=title)], ["/usr/bin/true"], {})["datamoa@m.one.timer"]
    assert text.splitlines()[:3] == ["[Unit]", f"Description=DataMoa: {description} (m.one)", ""]
    assert text.count("[Timer]\n") == 1
    (tmp_path / "datamoa@m.one.service").write_text("[Service]\nExecStart=/usr/bin/true\n")
    assert verified({"datamoa@m.one.timer": text}, tmp_path) == ""


@pytest.mark.parametrize("folder", [*ODD_FOLDERS, "/srv/ends with a blank "])
def test_odd_folders_in_a_crontab(folder: str) -> None:
    if "\\" in folder:
        with pytest.raises(UsageError, match="cannot be written in a crontab"):
            units.crontab([source()], [f"{folder}/datamoa"], {})
        return
    lines = units.crontab([source()], [f"{folder}/datamoa"], {"DATAMOA_HOME": folder}).splitlines()
    home = lines[3].removeprefix("DATAMOA_HOME=")
    assert (home[1:-1] if home[0] == '"' else home.strip()) == folder
    command = lines[-1].removeprefix("20 3 * * * ")
    assert "%" not in command.replace(r"\%", "")
    assert shlex.split(command.replace(r"\%", "%")) == [f"{folder}/datamoa", "harvest", "m.one"]


@pytest.mark.parametrize("value", ["/srv/a\nMAILTO=x", "/srv/a\r", "/srv/'a\" ", "/srv/\udcff"])
def test_what_a_crontab_cannot_hold_is_told(value: str) -> None:
    with pytest.raises(UsageError, match="cannot be written in a crontab"):
        units.crontab([source()], ["/usr/bin/datamoa"], {"DATAMOA_HOME": value})
    with pytest.raises(UsageError, match="cannot be written in a unit: it is not UTF-8"):
        units.systemd([source()], ["/usr/bin/datamoa"], {"DATAMOA_HOME": "/srv/\udcff"})


def test_units_of_a_command_that_is_a_module_call_python(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "indexer", "--home", str(tmp_path), "schedule", "--export", "systemd"]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"\nExecStart={sys.executable} -m indexer harvest %i\n" in told.stdout
