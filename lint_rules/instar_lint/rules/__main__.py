"""`python -m instar_lint.rules docs/rules`: write the page of every rule."""

from __future__ import annotations

import sys
from pathlib import Path

from instar_lint.rules.documentation import pages


def main() -> None:
    """Write the pages into the folder that is named, and take away those of rules that are gone."""
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit("usage: python -m instar_lint.rules DIR")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    wanted = pages()
    for path in folder.glob("*.md"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
