"""The spider of an odd portal, read from the configuration when a crawl of its source begins, and never before."""

from __future__ import annotations

import difflib
import hashlib
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from harvester.errors import ConfigurationError
from harvester.options.spider import SpiderOptions
from harvester.spiders import PagedSpider


def own_spider(folder: Path, options: SpiderOptions) -> type[PagedSpider]:
    """Read ``spiders/<name>.py`` of a configuration folder and give the one spider in it, with the source's parameters.

    Raises `ConfigurationError` with file and line where it cannot be run, holds none or several, or does not know a
    parameter.
    """
    file = folder / "spiders" / f"{options.spider}.py"
    module = ModuleType(f"datamoa_spiders.{options.spider}")
    try:
        # Not imported: a compiled copy that is kept beside it could be older than what its author just wrote.
        text = file.read_bytes()
        exec(compile(text, file, "exec", dont_inherit=True), module.__dict__)
    except FileNotFoundError:
        near = difflib.get_close_matches(options.spider, [one.stem for one in file.parent.glob("*.py")], n=1)
        hint = f"did you mean {near[0]}?" if near else "`datamoa new` writes one to start from"
        raise ConfigurationError(f"{file}: no such file; {hint}") from None
    except SyntaxError as error:
        raise ConfigurationError(f"{file}:{error.lineno}: {error.msg}") from None
    except Exception as error:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
        raise ConfigurationError(f"{file}:{lines[-1] if lines else 1}: {type(error).__name__}: {error}") from error
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, PagedSpider) and value.__module__ == module.__name__
    ]
    if len(found) != 1:
        raise ConfigurationError(f"{file}:1: {len(found)} classes here are a PagedSpider, exactly one must be")
    parameters = _parameters(file, found[0], options)
    code = hashlib.blake2b(text + repr(sorted(parameters.items())).encode(), digest_size=8).hexdigest()
    return type(found[0].__name__, (found[0],), {"parameters": parameters, "code": code})


def _parameters(file: Path, spider: type[PagedSpider], options: SpiderOptions) -> dict[str, Any]:
    for name in options.parameters:
        if name not in spider.parameters:
            near = difflib.get_close_matches(name, spider.parameters, n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"it knows: {', '.join(spider.parameters) or 'none'}"
            raise ConfigurationError(f"{file}:1: parameters.{name}: this spider has no such parameter; {hint}")
    return {**spider.parameters, **options.parameters}
