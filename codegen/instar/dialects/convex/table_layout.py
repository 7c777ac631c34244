"""Tables that an edit made too long for their line, laid out as prettier does it: a line for each field."""

from __future__ import annotations

from instar.dialects.convex.declarations import TABLE_BUILDERS
from instar.dialects.convex.syntax import SyntaxFile, arguments, unwrap, walk

WIDTH = 80
"""Columns of a line, as prettier has it by default."""


def broken_tables(path: str, text: str, before: str) -> str:
    """The text with such tables over several lines; lines that `before` has too are left as they are.

    Args:
        path: The file.
        text: Its content after an edit.
        before: Its content before.
    """
    kept = set(before.splitlines())
    long = {
        number
        for number, line in enumerate(text.splitlines())
        if len(line) > WIDTH and line not in kept and any(f"{builder}(" in line for builder in TABLE_BUILDERS)
    }
    if not long:
        return text
    file = SyntaxFile(path, text.encode())
    newline = "\r\n" if "\r\n" in before else "\n"
    data = file.source
    for node in reversed(list(walk(file.root))):
        function = node.child_by_field_name("function") if node.type == "call_expression" else None
        if function is None or file.text(function) not in TABLE_BUILDERS or node.start_point[0] not in long:
            continue
        given = [unwrap(one) for one in arguments(node)]
        if not given or given[0].type != "object" or given[0].start_point[0] != given[0].end_point[0]:
            continue
        if any(child.type == "comment" for child in given[0].named_children):
            continue
        line = text.splitlines()[node.start_point[0]]
        indent = line[: len(line) - len(line.lstrip())]
        members = [file.text(child) for child in given[0].named_children]
        body = "".join(f"{newline}{indent}  {member}," for member in members)
        data = (
            data[: given[0].start_byte] + f"{{{body}{newline}{indent}}}".encode() + data[given[0].end_byte :]
        )
    return data.decode()
