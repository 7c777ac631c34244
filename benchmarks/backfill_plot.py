"""Draw what `backfill.py --all --report` measured: how fast each way is, and how long a writer waits meanwhile.

python benchmarks/backfill_plot.py postgresql.json sqlite.json mariadb.json > docs/backfill.svg
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import jinja2

SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" width="900" height="{{ height }}" font-family="sans-serif" font-size="13">
<rect width="100%" height="100%" fill="white"/>
{%- for block in blocks %}
<text x="10" y="{{ block.y }}" font-weight="bold">{{ block.title }}</text>
<text x="170" y="{{ block.y }}" fill="#555">thousand rows a second</text>
<text x="540" y="{{ block.y }}" fill="#555">longest wait of a single-row writer, logarithmic</text>
{%- for row in block.rows %}
<text x="20" y="{{ row.y }}">{{ row.name }}</text>
<rect x="170" y="{{ row.y - 12 }}" width="{{ row.speed }}" height="14" fill="{{ row.colour }}"/>
<text x="{{ 176 + row.speed }}" y="{{ row.y }}">{{ row.rate }}</text>
<rect x="540" y="{{ row.y - 12 }}" width="{{ row.wait }}" height="14" fill="{{ row.colour }}"/>
<text x="{{ 546 + row.wait }}" y="{{ row.y }}">{{ row.waited }}</text>
{%- endfor %}
{%- endfor %}
</svg>
"""
_BAR = 260
_MOST_MS = 100_000.0


def block(kind: str, rows: int, beside: dict[str, dict[str, float]], top: int) -> dict[str, Any]:
    """What the template needs to know about one database."""
    fastest = max(one["rows_per_second"] for one in beside.values())
    return {
        "y": top,
        "title": f"{kind}, {rows:,} rows",
        "rows": [
            {
                "y": top + 24 * number,
                "name": name,
                "speed": round(_BAR * one["rows_per_second"] / fastest),
                "rate": f"{one['rows_per_second'] / 1000:,.0f}",
                "wait": round(_BAR * math.log10(max(1.0, one["max_ms"])) / math.log10(_MOST_MS)),
                "waited": f"{one['max_ms']:,.0f} ms",
                "colour": "#2a7" if name.startswith("instar") else "#999",
            }
            for number, (name, one) in enumerate(beside.items(), 1)
        ],
    }


def main() -> None:
    """Print the SVG."""
    blocks: list[dict[str, Any]] = []
    top = 30
    for file in sys.argv[1:]:
        report = json.loads(Path(file).read_text())
        for kind, beside in report["beside"].items():
            blocks.append(block(kind, report["rows"], beside, top))
            top += 24 * len(beside) + 40
    environment = jinja2.Environment(autoescape=True)
    print(environment.from_string(SVG).render(blocks=blocks, height=top))


if __name__ == "__main__":
    main()
