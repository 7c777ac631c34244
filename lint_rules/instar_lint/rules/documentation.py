"""A rule's documentation: the sections of its module's docstring.

The docstring is Markdown. Its first line is the rule in one sentence; then come the sections of `SECTIONS`, in that
order. The first Python block of `Example` is reported by the rule and the first of `Use instead` is not: they are
its first tests.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping

import msgspec

from instar_lint import rules

SECTIONS = ("What it does", "Why it is bad", "Example", "Use instead", "Fix", "When to ignore")

_BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What `instar explain CODE` prints.

    Attributes:
        code: Such as `INS101`.
        name: Such as `index-not-deployed`.
        summary: The rule in one sentence.
        sections: Title to Markdown text.
        opt_in: Whether it says nothing unless it is asked for.
    """

    code: str
    name: str
    summary: str
    sections: Mapping[str, str]
    opt_in: bool = False

    @property
    def bad(self) -> str:
        """The code of `Example`."""
        return _code(self.sections["Example"])

    @property
    def good(self) -> str:
        """The code of `Use instead`."""
        return _code(self.sections["Use instead"])

    @property
    def markdown(self) -> str:
        """The whole page."""
        head = f"# {self.code}: {self.name}\n\n{self.summary}\n"
        if self.opt_in:
            head += "\nThis rule is silent until it is asked for; see *When to ignore*.\n"
        return head + "".join(f"\n## {title}\n\n{text}\n" for title, text in self.sections.items())


def page(code: str) -> Page:
    """The documentation of one rule."""
    module = rules.load(code)
    summary, _, rest = textwrap.dedent(module.__doc__ or "").strip().partition("\n")
    parts = re.split(r"^## (.+)\n", rest, flags=re.MULTILINE)
    return Page(
        code=code,
        name=rules.name_of(code),
        summary=summary,
        sections={title: text.strip() for title, text in zip(parts[1::2], parts[2::2], strict=True)},
        opt_in=getattr(module, "OPT_IN", False),
    )


def index_page() -> str:
    """The list of all rules as Markdown."""
    rows = [page(code) for code in rules.files()]
    lines = (f"| [{row.code}]({row.code.lower()}.md) | {row.name} | {row.summary} |" for row in rows)
    return "# Rules\n\n| code | name | what it says |\n| --- | --- | --- |\n" + "\n".join(lines) + "\n"


def pages() -> dict[str, str]:
    """File name to text of every page under `docs/rules/`."""
    return {"index.md": index_page()} | {f"{code.lower()}.md": page(code).markdown for code in rules.files()}


def _code(text: str) -> str:
    match = _BLOCK.search(text)
    return match[1] if match else ""
