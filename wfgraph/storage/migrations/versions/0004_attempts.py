"""How often workers were lost with a run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_NAMES = ("attempts", "written")


def upgrade() -> None:
    """Make the columns that count attempts."""
    for name in _NAMES:
        op.add_column("wfgraph_workflow", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Drop them."""
    for name in _NAMES:
        op.drop_column("wfgraph_workflow", name)
