import pytest

from instar_lint.python import Knowledge, Watch
from instar_lint.python.modules import Modules
from instar_lint.python.templates import collect_templates, template_facts
from instar_lint.python.values import Instance, Many
from python_frontend import MODELS, SCHEMA, Files

WATCH = Watch(fields=frozenset({(None, "users", "user_name")}))


def read(text, **variables):
    known = Knowledge(MODELS, modules=Modules(None), schema=SCHEMA)
    return [
        (f.place.line, f.place.column, f.confidence)
        for f in template_facts(text, "t.html", known, WATCH, variables)
        if f.table == "users"
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ user.name }}", [(1, 9, "likely")]),
        ("<b>\n{{ current_user.name|upper }}", [(2, 17, "likely")]),
        ("{% if x %}\n{{ thing.name }}{% endif %}", [(2, 10, "possible")]),
        ("{{ post.name }}", []),
        ("{{ user['name'] }}", [(1, 10, "likely")]),
        ("{% for user in users %}{{ user.name }}{{ user.name }}{% endfor %}", [(1, 32, "likely"), (1, 47, "likely")]),
        ("{% if x\n  and user.name %}y{% endif %}", [(2, 12, "likely")]),
        ("{% unknown_tag %}{{ user.name }}", [(1, 26, "likely")]),
        ("user.name is text", []),
        ("${user.name | h}", [(1, 8, "likely")]),
        ("<p>\n  % if request.user and request.user.name:  # x\n  x", [(2, 38, "likely")]),
        ("% for user in users:\n${user.name}, ${post.name}\n% endfor", [(2, 8, "likely")]),
        ("<%\n  user = page.owner\n  shown = user.name\n%>", [(3, 16, "likely")]),
        ("${', '.join(u.name for u in thing)}", [(1, 15, "possible")]),
        ("<%def name='x()'>100 % user.name</%def> ${broken(}", []),
    ],
)  # fmt: skip
def test_a_template_reads_fields_of_what_its_variables_are_called(text, expected):
    assert read(text) == expected


def test_what_the_view_passes_counts_more_than_the_name():
    assert read("{{ x.name }}", x=Instance("app.models.User")) == [(1, 6, "likely")]
    assert read("{{ user.name }}", user=Instance("app.models.Post")) == []
    assert read(
        "${x.name} ${user.name}", x=Instance("app.models.User"), user=Instance("app.models.Post")
    ) == [(1, 5, "likely")]
    assert read("{% for p in ps %}{{ p.author.name }}{% endfor %}", ps=Many(Instance("app.models.Post"))) == [
        (1, 30, "likely")
    ]


class Project(Files):
    """Files with the listing that a whole project needs."""

    def files(self, suffixes):
        class Found:
            def __init__(self, path):
                self.path = path

        return tuple(Found(p) for p in sorted(self) if p.endswith(tuple(suffixes)))

    def read_many(self, paths):
        return {p: self[p] for p in paths if p in self}


@pytest.mark.parametrize(
    "view",
    [
        b"def show(session):\n    who = session.get(User, 1)\n    return render_template('show.html', x=who)\n",
        b"def show(session):\n    return templates.TemplateResponse('show.html', {'x': session.get(User, 1)})\n",
        b"@view_config(renderer='show.html')\ndef show(session):\n    return {'x': session.get(User, 1)}\n",
    ],
)
def test_the_code_that_renders_a_template_tells_what_it_receives(view):
    data = Project(
        {"app/views.py": b"from app.models import User\n" + view, "app/templates/show.html": b"{{ x.name }}"}
    )
    known = Knowledge(MODELS, modules=Modules(data, ["app/views.py"]), schema=SCHEMA)
    ((path, facts),) = collect_templates(data, known, WATCH)
    assert path == "app/templates/show.html"
    assert [(f.confidence, f.table) for f in facts] == [("likely", "users")]
