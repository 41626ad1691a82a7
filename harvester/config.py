"""The only reader of the ``config/`` tree and of the environment; hands out frozen tables.

A fault in a file is a `ConfigurationError` whose message starts with ``file:line: key:``.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from harvester.catalog.joins import UNDECIDED, Decisions
from harvester.catalog.search_words import SearchWords, contradictions
from harvester.catalog.tables import JoinTable, Tables
from harvester.catalog.vocabularies import Vocabularies
from harvester.errors import ConfigurationError, UsageError
from harvester.member_faults import Mistake, known_keys, mistakes, refused
from harvester.member_sources import member_sources
from harvester.members import HarvestSource, Member
from harvester.options.base import REFERENCE

_PACKAGED = Path(__file__).parent / "_config"
_CHECKOUT = Path(__file__).parent.parent / "config"


@dataclass(frozen=True, slots=True)
class Settings:
    """Where this installation keeps its things. `home` holds ledger, embedded index, logs and downloads."""

    home: Path
    config: Path
    database_url: str
    index_url: str

    @property
    def downloads(self) -> Path:
        """Folder of the downloads that several sources share."""
        return self.home / "downloads"

    @property
    def answers(self) -> Path:
        """Folder of the answers that are asked for conditionally, one file a source."""
        return self.home / "answers"

    @property
    def logs(self) -> Path:
        """Folder of the crawl logs, one file a source."""
        return self.home / "logs"


def settings(home: Path | None = None, config: Path | None = None) -> Settings:
    """Settings from arguments first, then the environment, then the defaults (``./var`` and the packaged config)."""
    home = (home or Path(os.environ.get("DATAMOA_HOME") or "var")).absolute()
    config = config or (Path(os.environ["DATAMOA_CONFIG"]) if os.environ.get("DATAMOA_CONFIG") else default_config())
    config = config.absolute()
    if not (config / "members").is_dir():
        raise ConfigurationError(
            f"{config}: no members/ folder here, and with it a configuration begins (mkdir -p {config / 'members'}); "
            "--config or DATAMOA_CONFIG names another folder"
        )
    return Settings(
        home=home,
        config=config,
        database_url=os.environ.get("DATAMOA_DATABASE_URL") or f"sqlite:///{home / 'ledger.sqlite'}",
        index_url=os.environ.get("DATAMOA_INDEX_URL") or "embedded",
    )


def default_config() -> Path:
    """The checkout's own ``config/`` when run from one, else the copy inside the package."""
    return _CHECKOUT if (_CHECKOUT / "members").is_dir() else _PACKAGED


def is_packaged(config: Path) -> bool:
    """Whether this is the configuration inside the installed package, where nobody is to write."""
    return config == _PACKAGED


def environment(settings: Settings) -> dict[str, str]:
    """Variables that make another `datamoa` process use the same settings."""
    return {
        "DATAMOA_HOME": str(settings.home),
        "DATAMOA_CONFIG": str(settings.config),
        "DATAMOA_DATABASE_URL": settings.database_url,
        "DATAMOA_INDEX_URL": settings.index_url,
    }


_placeholder: str | None = None


@contextmanager
def keys_as(placeholder: str) -> Iterator[None]:
    """For as long as the block lasts every key is `placeholder`, which stands in the place of keys in fixtures."""
    global _placeholder
    before, _placeholder = _placeholder, placeholder
    try:
        yield
    finally:
        _placeholder = before


def secret(reference: str) -> str:
    """Give the key that ``${NAME}`` names, without blanks around it; raise `ConfigurationError` when it is not set."""
    match = REFERENCE.fullmatch(reference)
    if not match:
        raise ConfigurationError(f"{reference!r}: a key is given by name, as ${{NAME}}, never as a value")
    if _placeholder is not None:
        return _placeholder
    value = os.environ.get(match[1], "").strip()
    if not value:
        raise ConfigurationError(f"the environment variable {match[1]} is not set; a source needs it as its key")
    return value


@lru_cache(maxsize=8)
def members(config: Path) -> tuple[Member, ...]:
    """All members of a config folder, in the order of their file names."""
    files = _member_files(config)
    if not files:
        raise ConfigurationError(
            f"{config / 'members'}: no member files (*.yml) here; `datamoa new` and `probe --write` begin one"
        )
    return tuple(member(file) for file in files.values())


def member(file: Path) -> Member:
    """The member of one member file, wherever it is; `ConfigurationError` names file, line and key of what is wrong."""
    spiders = file.parent.parent / "spiders" if file.parent.name == "members" else None
    return check_member(file, file.stem, _read(file), spiders)


@lru_cache(maxsize=8)
def vocabularies(config: Path) -> Vocabularies:
    """All vocabularies of a config folder, or the packaged ones where it has no ``vocabularies/``.

    `ConfigurationError` names file, line and key of what is wrong in one.
    """
    folder = config / "vocabularies"
    if not folder.is_dir():
        folder = default_config() / "vocabularies"
    data: dict[str, Any] = {}
    lines: dict[str, dict[tuple[str | int, ...], int]] = {}
    for table in Tables.model_fields:
        data[table], lines[table] = read_yaml(folder / f"{table}.yml")
    try:
        return Vocabularies(Tables.model_validate(data))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name, path = str(first["loc"][0]), first["loc"][1:]
        line = next(lines[name][path[:end]] for end in range(len(path), -1, -1) if path[:end] in lines[name])
        where = f"{folder / name}.yml:{line}: {'.'.join(str(step) for step in path)}"
        raise ConfigurationError(f"{where}: {first['msg']}") from None
    except ValueError as error:
        raise ConfigurationError(f"{folder}: {error}") from None


@lru_cache(maxsize=8)
def search_words(config: Path) -> SearchWords:
    """What searchers mean by their words: the tables of ``search/``, or the packaged ones where there is none.

    `ConfigurationError` names file, line and key of what is wrong in them.
    """
    folder = config / "search"
    if not folder.is_dir():
        folder = default_config() / "search"
    tables = {table: read_yaml(folder / f"{table}.yml") for table in SearchWords.model_fields}
    found: list[tuple[str, Mistake]] = []
    data = {table: data for table, (data, _) in tables.items()}
    try:
        words = SearchWords.model_validate(data)
    except ValidationError as error:
        faults = mistakes([error], data, known=lambda path: known_keys(SearchWords, path))
        found = [(str(fault.path[0]), Mistake(fault.path[1:], fault.message)) for fault in faults]
    else:
        found = [(table, Mistake(path, message)) for table, path, message in contradictions(words)]
        if not found:
            return words
    raise ConfigurationError(
        "\n".join(
            str(refused(folder / f"{table}.yml", lines, told))
            for table, (_, lines) in tables.items()
            if (told := [mistake for named, mistake in found if named == table])
        )
    )


@lru_cache(maxsize=8)
def presets(config: Path) -> Mapping[str, Mapping[str, Any]]:
    """Named defaults for the options of a source: what portals of one software have in common.

    The packaged ones where the folder has no ``presets.yml``.
    """
    file = config / "presets.yml"
    if not file.exists():
        file = default_config() / "presets.yml"
    data, _ = read_yaml(file)
    if not isinstance(data, dict) or not all(isinstance(defaults, dict) for defaults in data.values()):
        raise ConfigurationError(f"{file}:1: a mapping is needed: name of a preset to its options")
    return data


@lru_cache(maxsize=8)
def joins(config: Path) -> Decisions:
    """What ``joins.yml`` of a config folder forces and forbids; nothing where there is no such file.

    `ConfigurationError` names file, line and key of what is wrong in it.
    """
    file = config / "joins.yml"
    if not file.exists():
        return UNDECIDED
    data, lines = read_yaml(file)
    try:
        decided = JoinTable.model_validate(data)
    except ValidationError as error:
        found = mistakes([error], data, known=lambda path: known_keys(JoinTable, path))
        raise refused(file, lines, found) from None
    found = [
        Mistake(
            ("different", apart, "datasets"),
            f"{' and '.join(both)} are said to be the same one by same.{joined}, in line {lines['same', joined]}; "
            "take them out of one of both",
        )
        for joined, apart, both in decided.decisions.contradictions()
    ]
    if found:
        raise refused(file, lines, found)
    return decided.decisions


def select(config: Path, names: tuple[str, ...]) -> tuple[HarvestSource, ...]:
    """Sources named as ``member`` (all its enabled ones) or ``member.source``; none named: every enabled source.

    Of named ones only the members' own files are read: a fault in another's is no reason to stop.
    Raises `UsageError` that names the nearest known name.
    """
    if not names:
        return tuple(source for one in members(config) for source in one.sources if source.enabled)
    chosen: dict[str, HarvestSource] = {}
    for name in names:
        id, dot, key = name.partition(".")
        file = _member_files(config).get(id)
        found = member(file) if file else None
        if found and not dot:
            enabled = [source for source in found.sources if source.enabled]
            if not enabled:
                raise UsageError(f"{name}: every source of this member is switched off (enabled: false)")
            chosen.update((source.name, source) for source in enabled)
        elif found and (source := found.source(key)):
            chosen[name] = source
        else:
            if name.endswith(".yml"):
                raise UsageError(f"{name} is a file; give the member's or source's name, as {Path(name).stem}")
            near = difflib.get_close_matches(name, _known_names(config), n=1)
            hint = f"; did you mean {near[0]}?" if near else "; `datamoa members` lists what is configured"
            raise UsageError(f"no member or source is called {name!r}{hint}")
    return tuple(chosen.values())


def member_files(config: Path) -> list[Path]:
    """The member files of a config folder, by name."""
    return sorted((config / "members").glob("*.yml"))


def _member_files(config: Path) -> dict[str, Path]:
    return {file.stem: file for file in member_files(config)}


def _spider_names(folder: Path | None) -> list[str] | None:
    return None if folder is None else [file.stem for file in sorted(folder.glob("*.py"))]


def _known_names(config: Path) -> list[str]:
    """Every source and member; of a member whose file has a fault, its own name alone."""
    sources: list[str] = []
    files = _member_files(config)
    for file in files.values():
        with suppress(ConfigurationError):
            sources += [source.name for source in member(file).sources]
    return [*sources, *files]


def read_yaml(file: Path) -> tuple[Any, dict[tuple[str | int, ...], int]]:
    """A YAML file's data and, for every key path in it, the line it stands on (from 1)."""
    return _parsed(file, _read(file))


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigurationError(f"{file}: no such file") from None
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{file}: not UTF-8: {error}") from None


def _parsed(file: Path | str, text: str) -> tuple[Any, dict[tuple[str | int, ...], int]]:
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            raise ConfigurationError(f"{file}:1: the file is empty")
        if odd := list(_odd_keys(node)):
            raise ConfigurationError("\n".join(f"{file}:{line}: {message}" for line, message in odd))
        lines = dict(_lines(node, ()))
        return loader.construct_document(node), lines
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        hint = _hint("".join(text.splitlines()[line - 1 : line]))
        raise ConfigurationError(f"{file}:{line}: not valid YAML: {error.problem}{hint}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ConfigurationError(f"{file}:{line}: not valid YAML: {error.reason}") from None
    except RecursionError:
        raise ConfigurationError(f"{file}: nested too deeply, or an alias (*name) stands for what it is in") from None


def _hint(line: str) -> str:
    if "\t" in line:
        return "; YAML is indented with spaces, never with tabs"
    if re.search(r"[:\[,-]\s*\*", line):
        return '; a value that begins with * (a cron line) stands in quotes: schedule: "* 3 * * 1"'
    if re.search(r":\s+[@`%&!>|]|:\s+[^'\"\s].*:\s", line):
        return "; a value with ': ' in it, or a sign like @ or ` before it, stands in quotes: 'a[].{title: b}'"
    return ""


class _Loader(yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader):  # type: ignore[misc]  # alike
    """PyYAML's safe loader, the quick one where PyYAML has it.

    A value that is none (a date in month 99) is told with its line, as all else is.
    """

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError as error:
            raise yaml.constructor.ConstructorError(None, None, str(error), node.start_mark) from None


def _lines(node: yaml.Node, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], int]]:
    yield path, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (*path, key.value), key.start_mark.line + 1
            for found, line in _lines(value, (*path, key.value)):
                if found != (*path, key.value):
                    yield found, line
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            yield from _lines(value, (*path, position))


def _odd_keys(node: yaml.Node) -> Iterator[tuple[int, str]]:
    """Lines of keys that are none, or stand there twice, of which YAML itself takes the last."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                yield line, "a key is a word, not a list or a mapping"
                continue
            if key.value in seen:
                yield line, f"{key.value}: this key stands here twice"
            seen.add(key.value)
            yield from _odd_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _odd_keys(value)


def check_member(file: Path | str, id: str, text: str, spiders: Path | None = None) -> Member:
    """Give the member that the text of a member file says, whose faults are told as those of `file`, all at once.

    `spiders` is the folder where the spiders that it names must be; without it they are not looked for.
    """
    data, lines = _parsed(file, text)
    if not isinstance(data, dict):
        raise ConfigurationError(f"{file}:1: a member file is a mapping with at least `name`, `sector`, `sources`")
    found: list[Mistake] = []
    whole = {**data, "id": id}
    if "sources" in data:
        known = partial(presets, Path(file).parent.parent), partial(_spider_names, spiders)
        whole["sources"] = tuple(member_sources(id, data["sources"], *known, found))
    try:
        member = Member.model_validate(whole)
    except ValidationError as error:
        found += mistakes([error], data, known=lambda path: known_keys(Member, path))
    if found:
        raise refused(file, lines, found)
    return member
