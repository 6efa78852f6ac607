"""``wfgraph db``: the tables of a database of runs."""

from __future__ import annotations

import click

from wfgraph.cli.console import say
from wfgraph.cli.stored import db_option
from wfgraph.cli.teaching import TellingGroup, taught
from wfgraph.storage import schema
from wfgraph.storage.database import opened

__all__ = ["db"]


@click.group(
    cls=TellingGroup,
    short_help="Make the tables of a database of runs, and bring them up to date.",
    epilog=taught(
        {
            "db status --db runs.db": "the version of the tables, and the one this release works with",
            "db upgrade --db postgresql://host/name": "make the tables, or bring them up to date",
        },
        codes="0 done, 2 the database can't be used.",
    ),
)
def db() -> None:
    """Make the tables of a database of runs, and bring them up to date.

    A file of SQLite's is made and given its tables when a run is first stored in it.
    """


@db.command(
    epilog=taught({"db status --db runs.db": "for a file of SQLite's"}, codes="0 done, 2 the database can't be used.")
)
@db_option
def status(url: str | None) -> None:
    """Show the version of the tables, and the one that this release works with."""
    with opened(url) as database:
        say(
            f"{database.url}: {schema.current(database.engine) or 'no tables'}; this release works with {schema.head()}"
        )


@db.command(
    epilog=taught(
        {"db upgrade --db postgresql://host/name": "make the tables, or bring them up to date"},
        codes="0 done, 2 the database can't be used.",
    )
)
@db_option
@click.option("--to", "version", default="head", show_default=True, help="The version.")
def upgrade(url: str | None, version: str) -> None:
    """Make the tables, or bring them to a newer version; what they hold is kept."""
    with opened(url) as database:
        schema.upgrade(database.engine, version)
        say(f"{database.url}: {schema.current(database.engine)}")


@db.command(
    epilog=taught(
        {"db downgrade --to 0002 --yes --db runs.db": "as the release before had them"},
        codes="0 done, 2 the database can't be used, or there is no such version.",
    )
)
@db_option
@click.option("--to", "version", required=True, help="The version; base for no tables at all.")
@click.confirmation_option(prompt="What newer versions have added is lost. Go on?")
def downgrade(url: str | None, version: str) -> None:
    """Bring the tables back to an older version; what newer ones have added is lost."""
    with opened(url) as database:
        schema.downgrade(database.engine, version)
        say(f"{database.url}: {schema.current(database.engine) or 'no tables'}")
