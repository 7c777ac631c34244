"""Import specifiers to files of the same tree: relative paths, path aliases, packages of the workspace."""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING, Any

from instar.dialects.convex.syntax import SUFFIXES

if TYPE_CHECKING:
    from instar.sources import Source

_OUTPUT = re.compile(r"(^|/)(dist|build|lib|out|esm|cjs)(?=/)")
_COMMENT = re.compile(r'("(?:[^"\\\n]|\\.)*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_TRAILING = re.compile(r",(\s*[}\]])")
_UNCOMMITTED: dict[str, dict[str, tuple[str, ...]]] = {
    ".svelte-kit/tsconfig.json": {"$lib": ("src/lib",), "$lib/*": ("src/lib/*",)},
    ".nuxt/tsconfig.json": {"~/*": ("*", "app/*"), "@/*": ("*", "app/*")},
}
"""The aliases of configurations that frameworks write, and that nobody commits."""


def parse_jsonc(data: bytes) -> Any:  # noqa: ANN401 - JSON is anything
    """JSON with comments and trailing commas, as `tsconfig.json` has it; None where it is not even that."""
    text = data.decode("utf-8-sig", "replace")
    text = _COMMENT.sub(lambda match: match[1] or "", text)
    try:
        return json.loads(_TRAILING.sub(r"\1", text))
    except ValueError:
        return None


class Resolver:
    """Finds the file behind an import specifier in one source."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._paths: frozenset[str] | None = None
        self._json: dict[str, Any] = {}
        self._aliases: dict[str, list[tuple[str, str, tuple[str, ...]]]] = {}
        self._packages: dict[str, str] | None = None

    @property
    def configurations(self) -> tuple[str, ...]:
        """The configuration files and manifests that were read so far."""
        return tuple(sorted(path for path, read in self._json.items() if read is not None))

    def resolve(self, specifier: str, importer: str) -> str | None:
        """The path of the file that `importer` means by `specifier`; None for a package from a registry."""
        folder = posixpath.dirname(importer)
        if specifier.startswith("."):
            return self._file(posixpath.normpath(posixpath.join(folder, specifier)))
        for prefix, suffix, targets in self._path_aliases(folder):
            if not (specifier.startswith(prefix) and specifier.endswith(suffix)):
                continue
            middle = specifier[len(prefix) : len(specifier) - len(suffix)]
            for target in targets:
                found = self._file(posixpath.normpath(target.replace("*", middle, 1)))
                if found is not None:
                    return found
        return self._workspace(specifier)

    def _files(self) -> frozenset[str]:
        if self._paths is None:
            self._paths = frozenset(file.path for file in self._source.files((*SUFFIXES, ".json")))
        return self._paths

    def _file(self, path: str) -> str | None:
        """`path` as Node and bundlers complete it: with an extension, `.ts` for `.js`, or an index file."""
        path = path.removeprefix("./")
        files = self._files()
        if path in files and path.endswith(SUFFIXES):
            return path
        stem, dot, ending = path.rpartition(".")
        tries = [path + suffix for suffix in SUFFIXES]
        if dot and ending in {"js", "jsx", "mjs", "cjs"}:
            tries += [f"{stem}.{ending.replace('js', 'ts')}", f"{stem}.tsx"]
        tries += [posixpath.join(path, "index" + suffix) for suffix in SUFFIXES]
        return next((candidate for candidate in tries if candidate in files), None)

    def _read_json(self, path: str) -> Any:  # noqa: ANN401 - JSON is anything
        if path not in self._json:
            data = self._source.read(path) if path in self._files() else None
            parsed = parse_jsonc(data) if data is not None else None
            self._json[path] = parsed if isinstance(parsed, dict) else None
        return self._json[path]

    def _path_aliases(self, folder: str) -> list[tuple[str, str, tuple[str, ...]]]:
        """The path aliases that hold in `folder`, most specific first: prefix, suffix, targets."""
        if folder not in self._aliases:
            found: dict[str, tuple[str, ...]] = {}
            at = folder
            while True:
                for name in ("tsconfig.json", "jsconfig.json"):
                    for pattern, targets in self._config_paths(posixpath.join(at, name), 0).items():
                        found.setdefault(pattern, targets)
                if not at:
                    break
                at = posixpath.dirname(at)
            ordered = sorted(found.items(), key=lambda item: -len(item[0].partition("*")[0]))
            self._aliases[folder] = [
                (pattern.partition("*")[0], pattern.partition("*")[2], targets)
                for pattern, targets in ordered
            ]
        return self._aliases[folder]

    def _config_paths(self, path: str, depth: int) -> dict[str, tuple[str, ...]]:
        """`compilerOptions.paths` of one configuration and of what it extends, targets from the root."""
        config = self._read_json(path)
        if config is None or depth > 8:
            return {}
        folder = posixpath.dirname(path)
        found: dict[str, tuple[str, ...]] = {}
        extends = config.get("extends")
        for parent in [extends] if isinstance(extends, str) else extends or []:
            if isinstance(parent, str) and parent.startswith("."):
                target = posixpath.normpath(posixpath.join(folder, parent))
                target = target if target.endswith(".json") else target + ".json"
                found |= self._config_paths(target, depth + 1)
                if target not in self._files():
                    for pattern, ends in _UNCOMMITTED.get(
                        posixpath.relpath(target, folder or "."), {}
                    ).items():
                        found[pattern] = tuple(posixpath.join(folder, end) for end in ends)
        options = config.get("compilerOptions")
        options = options if isinstance(options, dict) else {}
        base_url = options.get("baseUrl")
        base = posixpath.join(folder, base_url) if isinstance(base_url, str) else folder
        paths = options.get("paths")
        for pattern, targets in paths.items() if isinstance(paths, dict) else ():
            if isinstance(targets, list):
                found[pattern] = tuple(posixpath.join(base, t) for t in targets if isinstance(t, str))
        if isinstance(base_url, str):
            found.setdefault("*", (posixpath.join(base, "*"),))
        return found

    def _workspace(self, specifier: str) -> str | None:
        """A file of a package whose `package.json` is in the same tree."""
        if self._packages is None:
            self._packages = {}
            for path in sorted(self._files(), key=len):
                if posixpath.basename(path) == "package.json" and "node_modules/" not in path:
                    name = (self._read_json(path) or {}).get("name")
                    if isinstance(name, str):
                        self._packages.setdefault(name, path)
        parts = specifier.split("/")
        size = 2 if specifier.startswith("@") else 1
        manifest = self._packages.get("/".join(parts[:size]))
        if manifest is None:
            return None
        folder = posixpath.dirname(manifest)
        inside = "/".join(parts[size:])
        for target in self._entry_points(self._read_json(manifest) or {}, inside):
            for candidate in (target, _OUTPUT.sub(r"\1src", target), _OUTPUT.sub(r"\1", target)):
                found = self._file(posixpath.normpath(posixpath.join(folder, _stem(candidate))))
                if found is not None:
                    return found
        return None

    @staticmethod
    def _entry_points(manifest: dict[str, Any], inside: str) -> list[str]:
        """Where a package's `exports`, `main` and customs say that `inside` is, likeliest first."""
        found: list[str] = []
        exports = manifest.get("exports")
        key = f"./{inside}" if inside else "."
        if isinstance(exports, dict):
            for pattern, target in exports.items():
                prefix, star, suffix = pattern.partition("*")
                if pattern == key:
                    found += _strings(target)
                elif star and key.startswith(prefix) and key.endswith(suffix):
                    middle = key[len(prefix) : len(key) - len(suffix)]
                    found += [text.replace("*", middle) for text in _strings(target)]
            if not inside and not any(str(pattern).startswith(".") for pattern in exports):
                found += _strings(exports)
        elif isinstance(exports, str) and not inside:
            found.append(exports)
        if inside:
            return [*found, inside, f"src/{inside}"]
        named = [
            manifest[k] for k in ("source", "module", "main", "types") if isinstance(manifest.get(k), str)
        ]
        return [*found, *named, "src/index", "index"]


def _strings(target: object) -> list[str]:
    """All file names in an `exports` target, whatever their conditions."""
    if isinstance(target, str):
        return [target]
    if isinstance(target, dict):
        return [text for value in target.values() for text in _strings(value)]
    return []


def _stem(path: str) -> str:
    """A path without the ending of compiled output, so that the source beside it is found."""
    return re.sub(r"(\.d)?\.[cm]?[jt]sx?$", "", path)
