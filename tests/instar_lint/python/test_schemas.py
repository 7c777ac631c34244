import pytest

from python_frontend import marked, uses

CASES = {
    "pydantic, by the name of the class": """
        from pydantic import BaseModel
        class UserOut(BaseModel):
            model_config = {"from_attributes": True}
            name: str
        #   ^ read likely
    """,
    "marshmallow Meta.fields": """
        from marshmallow import Schema
        class Account(Schema):
            class Meta:
                model = User
                fields = ("id", "name")
        #                        ^ read
    """,
    "a form": """
        from wtforms import Form, StringField
        class UserForm(Form):
            name = StringField()
        #   ^ read possible
    """,
}


@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_a_schema_class_names_the_fields_of_its_model(text):
    text, expected = marked(text)
    assert uses(text) == expected


def test_a_schema_of_another_model_is_not_meant():
    assert uses("from pydantic import BaseModel\nclass PostOut(BaseModel):\n    name: str") == []


def test_a_class_that_is_no_schema_is_not_meant():
    assert uses("class UserThing:\n    name: str = ''") == []
