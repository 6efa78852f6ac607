"""The history of steps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of steps."""
    op.create_table(
        "wfgraph_step",
        sa.Column(
            "object",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.ForeignKey("wfgraph_object.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("node", sa.String(255), nullable=False),
        sa.Column("callback_pos", sa.JSON(), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("seconds", sa.Float(53), nullable=False),
        sa.Column("ended", sa.Float(53), nullable=False),
    )


def downgrade() -> None:
    """Drop it, with the history."""
    op.drop_table("wfgraph_step")
