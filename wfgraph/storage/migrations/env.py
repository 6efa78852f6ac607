"""What Alembic runs to migrate; the connection comes from :mod:`wfgraph.storage.schema`."""

from __future__ import annotations

from alembic import context

from wfgraph.storage.models import Base

_config = context.config
_connection = _config.attributes["connection"]
_sqlite = _connection.dialect.name == "sqlite"

context.configure(
    connection=_connection,
    target_metadata=Base.metadata,
    version_table=_config.attributes["version_table"],
    render_as_batch=_sqlite,
    transactional_ddl=True,
)
# The connection commits each statement by itself, unless it is told where a transaction begins and ends.
_connection.exec_driver_sql("BEGIN IMMEDIATE" if _sqlite else "BEGIN")
try:
    context.run_migrations()
    _connection.exec_driver_sql("COMMIT")
except BaseException:
    _connection.exec_driver_sql("ROLLBACK")
    raise
