"""A migration: the ordered plan that carries one schema version to another, as it is stored and committed."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from instar.schema.change import Change
from instar.schema.model import Constraint, Default, Field, Index, Schema, Table
from instar.schema.operations import BackfillWork, Conversion, Operation

StepKind: TypeAlias = Literal["ddl", "code", "backfill", "verify"]
Phase: TypeAlias = Literal["expand", "backfill", "contract"]
DeployModel: TypeAlias = Literal["rolling", "atomic"]
AccessMode: TypeAlias = Literal["fallback", "read_old", "read_new", "plain"]
Sync: TypeAlias = Literal["trigger", "app"]


class SourceEdit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a step does to the declaration of one field, index, constraint or table in the schema source.

    One pair is set. No `before`: it is added; no `after`: it is taken out; both: it changes from one to the other,
    and only what differs between the two is changed in the source. `after` says what the *database* has at that
    time: a column that is still nullable there has `optional` set, although code always writes it.
    """

    table: str
    namespace: str | None = None
    before: Field | None = None
    after: Field | None = None
    before_index: Index | None = None
    after_index: Index | None = None
    before_constraint: Constraint | None = None
    after_constraint: Constraint | None = None
    before_table: Table | None = None
    after_table: Table | None = None


class FieldAccess(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the code of a step reads and writes a field in transition.

    Attributes:
        table: The stored table name.
        namespace: The table's namespace where it is not the default one.
        field: The field as this step maps it.
        old: The field that it replaces, as this step maps it; None where it replaces none or the old one is
            no longer mapped.
        mode: `fallback` reads the new field, else the converted old one, else `default`, through the accessor;
            `read_old` and `read_new` write both fields and read that one (`--sync app`); `plain` has no accessor,
            and callers of an earlier one are rewritten to attribute access.
        conversion: From old to new and back; None for a rename.
        default: SQL or Python text of the value of a row that has neither, where the user gave one.
        compute: `path.py:function` that gives that value from the row, where the user gave one.
    """

    table: str
    field: Field
    mode: AccessMode
    namespace: str | None = None
    old: Field | None = None
    conversion: Conversion | None = None
    default: Default | None = None
    compute: str | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One act of a plan.

    Attributes:
        id: Unique and stable in its migration, such as `expand-ddl-1`.
        kind: What runs: DDL, a code deploy, a backfill or a verification.
        phase: The part of the plan that it belongs to.
        title: What it does, in the lines of `instar plan`, joined by newlines.
        why: Why it is a step of its own and stands where it stands (`plan --explain`), one sentence a line.
        changes: Which changes of the migration it serves, by position.
        operations: What a `ddl` step does, in order. The build or drop of an index is a step of its own.
        edits: What happens to the schema source, in order: of a `code` step what the code maps; of a `ddl` step
            the declarations that mirror it (nullability, defaults, indexes), which running code does not feel.
        access: How the code of a `code` step gets at fields in transition, from this step on.
        work: What a `backfill` or `verify` step runs. A verification lists every row that matches its `guard`.
    """

    id: str
    kind: StepKind
    phase: Phase
    title: str
    why: str = ""
    changes: tuple[int, ...] = ()
    operations: tuple[Operation, ...] = ()
    edits: tuple[SourceEdit, ...] = ()
    access: tuple[FieldAccess, ...] = ()
    work: BackfillWork | None = None


class Deploy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The steps that ship together, in order. `why` says what keeps it apart from the deploy before."""

    number: int
    steps: tuple[Step, ...]
    why: str = ""


class Decision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that only the user knows. `generate` refuses while one is left.

    Attributes:
        table: The stored table name.
        field: The stored name of the field.
        namespace: The table's namespace where it is not the default one.
        question: What is missing, in one sentence.
        answers: Options that give it, ready to be typed.
    """

    table: str
    field: str
    question: str
    answers: tuple[str, ...]
    namespace: str | None = None

    @property
    def sentence(self) -> str:
        """The question with the mark that ends it."""
        return self.question if self.question.endswith(("?", ".")) else f"{self.question}."


class Declaration(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the user wrote a field: the statement, what it declared, and the imports that it needs.

    An import is a module and the name taken from it, None for the module itself.
    """

    text: str
    field: Field
    imports: tuple[tuple[str, str | None], ...] = ()


class Unplanned(msgspec.Struct, frozen=True, kw_only=True):
    """A change that is recognised and not planned. `generate` refuses it by this name.

    Attributes:
        change: Its position among the changes.
        title: What it is, such as `unique (email) on users`.
        reason: Why it is not planned and what to do instead, in one sentence.
    """

    change: int
    title: str
    reason: str


class Replaced(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One passage of a file, with lines around it that stayed.

    Attributes:
        path: The file.
        deploy: The deploy that replaced it.
        line: Where `after` starts, from 1.
        before: The lines as the user had written them.
        after: The lines instead.
    """

    path: str
    deploy: int
    line: int
    before: str
    after: str


class Migration(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A named, ordered plan from `before` to `target`.

    Attributes:
        id: Eight hexadecimal digits; also the start of its file's name.
        parent: The id of the migration or snapshot that it follows.
        name: A slug that people read and type.
        dialect: The dialect of the schema.
        deploy_model: Whether old and new code run side by side.
        backend: The database that the DDL is written for; empty for Convex.
        before: The schema that it starts from.
        target: The schema that the last deploy leaves: what the user wants, under the stored names of the plan
            (a retyped field is stored beside the old one, as `priority_v2`).
        changes: What differs, renames included as they were told.
        deploys: The plan.
        sync: How columns are kept in step.
        decisions: What the user still has to say.
        unplanned: Changes that the plan leaves out.
        notes: What the user should know about the plan, one sentence each.
        declarations: How the user wrote the fields that the plan touches: `before:users.user_name`,
            `target:users.display_name`.
        generated: How many deploys have their source edits and revisions written.
        revisions: The Alembic revision of each `ddl` step, by step id.
        files: The hash of every generated file by its path, to notice an edit by hand.
        adopted: The hash of what instar would have written, by the path of every file that the user's edit was kept in.
        replaced: What its deploys replaced in code that calls accessors, to be put back when one is taken back.
        in_flight: What the database has otherwise than the source declares it once the generated deploys are out,
            as `table.name` of a column, index or constraint: Alembic's autogenerate is to leave it alone.
    """

    id: str
    name: str
    dialect: str
    deploy_model: DeployModel
    before: Schema
    target: Schema
    changes: tuple[Change, ...]
    deploys: tuple[Deploy, ...]
    parent: str | None = None
    backend: str = ""
    sync: Sync = "trigger"
    decisions: tuple[Decision, ...] = ()
    unplanned: tuple[Unplanned, ...] = ()
    notes: tuple[str, ...] = ()
    declarations: dict[str, Declaration] = {}
    generated: int = 0
    revisions: dict[str, str] = {}
    files: dict[str, str] = {}
    adopted: dict[str, str] = {}
    replaced: tuple[Replaced, ...] = ()
    in_flight: tuple[str, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps of all deploys, in order."""
        return tuple(step for deploy in self.deploys for step in deploy.steps)

    @property
    def slug(self) -> str:
        """How its file starts: the id and the name."""
        return f"{self.id}_{self.name.replace('-', '_')}"
