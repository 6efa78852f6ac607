"""Runs, their objects, the definitions they stand in, and the journal of what ran once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the four tables."""
    op.create_table(
        "wfgraph_workflow",
        sa.Column("uuid", sa.String(36), primary_key=True),
        sa.Column("name", sa.String(255), nullable=False, index=True),
        sa.Column("target", sa.Text()),
        sa.Column("status", sa.String(16), nullable=False, index=True),
        sa.Column("definition", sa.String(32)),
        sa.Column("state_token_pos", sa.Integer(), nullable=False),
        sa.Column("extra_data", sa.JSON(), nullable=False),
        sa.Column("parent", sa.String(36), index=True),
        sa.Column("owner", sa.String(255)),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.Float(53)),
        sa.Column("created", sa.Float(53), nullable=False),
        sa.Column("modified", sa.Float(53), nullable=False),
    )
    op.create_table(
        "wfgraph_definition",
        sa.Column("fingerprint", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("graph", sa.Text(), nullable=False),
        sa.Column("created", sa.Float(53), nullable=False),
    )
    op.create_table(
        "wfgraph_object",
        sa.Column("id", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("callback_pos", sa.JSON()),
        sa.Column("node", sa.String(255)),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("visits", sa.JSON()),
        sa.Column("loops", sa.JSON()),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("error_type", sa.String(255)),
        sa.Column("error_message", sa.Text()),
        sa.Column("halt_message", sa.Text()),
        sa.Column("halt_action", sa.Text()),
        sa.Column("halt_payload", sa.JSON()),
        sa.Column("modified", sa.Float(53), nullable=False),
        sa.Column(
            "workflow", sa.String(36), sa.ForeignKey("wfgraph_workflow.uuid", ondelete="CASCADE"), nullable=False
        ),
    )
    op.create_index("wfgraph_object_ordinal", "wfgraph_object", ["workflow", "ordinal"], unique=True)
    op.create_table(
        "wfgraph_result",
        sa.Column("object", _NUMBER, sa.ForeignKey("wfgraph_object.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("created", sa.Float(53), nullable=False),
    )


def downgrade() -> None:
    """Drop them, with what they hold."""
    for table in ("wfgraph_result", "wfgraph_object", "wfgraph_definition", "wfgraph_workflow"):
        op.drop_table(table)
