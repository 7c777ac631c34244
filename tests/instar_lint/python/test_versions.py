"""The models of both versions matter: a removed attribute is in the old ones only, and a name may survive."""

from instar.dialects.sqlalchemy.mapping import Models
from python_frontend import MODELS, POST, knowledge, model, uses

READ = "def f(user: User):\n    return user.name"


def against(attributes):
    after = Models(classes=(POST, model("User", "users", attributes)))
    return uses(READ, known=knowledge(models=after, before=MODELS))


def test_an_attribute_that_only_the_old_version_maps_is_a_use_of_its_column():
    assert against({"id": "id"}) == ["2:17 read proven"]


def test_a_name_that_survives_as_something_else_is_no_use():
    assert against({"id": "id", "name": "!hybrid"}) == []
    assert against({"id": "id", "name": "!property"}) == []
    assert against({"id": "id", "name": "->Post"}) == []


def test_a_name_that_moved_to_another_column_is_a_use_of_that_one():
    assert against({"id": "id", "name": "display_name"}) == []
    after = Models(classes=(POST, model("User", "users", {"id": "id", "name": "display_name"})))
    assert uses(READ, "users.display_name", known=knowledge(models=after, before=MODELS)) == [
        "2:17 read proven"
    ]


def test_a_configured_type_tells_what_an_expression_holds():
    text = "def f(request):\n    return request.user.name"
    assert uses(text, known=knowledge(types={"request.user": "app.models.User"})) == ["2:25 read proven"]
    assert uses(text) == ["2:25 read likely"]
