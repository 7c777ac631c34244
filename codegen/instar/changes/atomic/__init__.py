"""Plans where code, schema and indexes switch at once (Convex): widen, migrate, narrow.

Nothing runs side by side, so what has to hold is another thing: every stored document must fit the schema of each
deploy, and every document that the code of a deploy writes must fit the next one. So a deploy that narrows comes
after the backfill that makes it true, and that comes after the deploy whose code writes the new form.
"""

from instar.changes.atomic.plan import AtomicPlan, atomic_plan

__all__ = ["AtomicPlan", "atomic_plan"]
