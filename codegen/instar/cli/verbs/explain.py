"""`instar explain`: what a rule says, why, and what to do instead."""

from __future__ import annotations

import difflib

import click

from instar.cli import options
from instar.cli.output import heading, print_json, say


@click.command(name="explain")
@click.argument("rule", metavar="CODE|list")
@options.output_format
def command(*, rule: str, output_format: str) -> int:
    """Explain a lint rule: what it reports, why that is bad, and what to do instead.

    A rule is named by its code or its name; `list` shows all of them.

    \b
    Examples:
      instar explain INS101
      instar explain index-not-deployed
      instar explain list
    """
    from instar_lint import rules
    from instar_lint.rules.documentation import page

    if rule.lower() == "list":
        pages = [page(code) for code in rules.files()]
        if output_format == "json":
            print_json(
                [{"code": p.code, "name": p.name, "summary": p.summary, "opt_in": p.opt_in} for p in pages]
            )
        else:
            for one in pages:
                say(f"{one.code}  {one.name:30}  {one.summary}")
        return 0
    documented = page(_code(rule, list(rules.files()), {rules.name_of(code): code for code in rules.files()}))
    if output_format == "json":
        print_json(documented)
    else:
        title, _, rest = documented.markdown.partition("\n")
        say(heading(title.removeprefix("# ")))
        say(rest.rstrip())
    return 0


def _code(rule: str, codes: list[str], names: dict[str, str]) -> str:
    if rule.upper() in codes:
        return rule.upper()
    if rule.lower() in names:
        return names[rule.lower()]
    near = difflib.get_close_matches(rule.upper(), codes, n=1) or difflib.get_close_matches(
        rule.lower(), names, n=1
    )
    hint = f"Did you mean {near[0]}?" if near else "instar explain list shows all of them."
    raise click.UsageError(f"there is no rule {rule}. {hint}")
