"""Runs in parts, for several workers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the columns of what is a part of another run."""
    op.add_column("wfgraph_workflow", sa.Column("first_object", sa.Integer()))
    op.add_column("wfgraph_workflow", sa.Column("joins", sa.String(255)))
    op.add_column("wfgraph_workflow", sa.Column("dispatched", sa.Float(53)))


def downgrade() -> None:
    """Drop them."""
    for name in ("dispatched", "joins", "first_object"):
        op.drop_column("wfgraph_workflow", name)
