from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.model import Model as FlaskModel

from .base import Mood


class Shared(FlaskModel):
    @classmethod
    def find(cls, number):
        return cls.query.get(number)


db = SQLAlchemy(model_class=Shared)

user_roles = db.Table(
    "user_roles",
    db.Column("user_id", db.Integer, db.ForeignKey("user_account.id"), primary_key=True),
    db.Column("role_id", db.Integer, db.ForeignKey("role.id"), primary_key=True),
)


class Timed(db.Model):
    __abstract__ = True
    created = db.Column(db.DateTime, nullable=False, server_default=db.func.now())


class UserAccount(Timed):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(80), unique=True, nullable=False)
    HTTPCode = db.Column(db.Integer, index=True)
    mood = db.Column(db.Enum(Mood), default=Mood.SAD)
    roles = db.relationship("Role", secondary=user_roles, backref=db.backref("users", lazy="dynamic"))


class Role(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column("role_name", db.Unicode(12))
    __table_args__ = (db.UniqueConstraint("role_name", name="one_name"),)


class SpecialRole(Role):
    special = db.Column(db.Boolean)


class HTTPLog(Timed):
    __tablename__ = "http"
    id = db.Column(db.BigInteger, primary_key=True, autoincrement=False)
