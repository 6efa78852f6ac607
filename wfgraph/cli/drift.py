"""``wfgraph drift``: which halted runs could not go on after a change of their definition."""

from __future__ import annotations

import json

import click

from wfgraph.cli.completion import complete_target
from wfgraph.cli.console import CommandError, say
from wfgraph.cli.targets import is_database, version_of
from wfgraph.cli.teaching import taught
from wfgraph.graph.address import format_address
from wfgraph.graph.difference import same_tasks, stranded
from wfgraph.graph.identity import fingerprint, identities
from wfgraph.graph.ops import EdgeKind
from wfgraph.graph.workflow_graph import Node, WorkflowGraph
from wfgraph.utils import counted

__all__ = ["drift"]


@click.command(
    short_help="Tell which halted runs could not go on after a change.",
    epilog=taught(
        {
            "drift deployed.json flow.py:flow": "by the version that was kept with wfgraph draw -o deployed.json",
            "drift runs.db flow.py:flow": "by where the objects in a database stand",
        },
        codes="0 every run can go on, 1 runs halted in some task could not, 2 a version can't be read.",
        then="wfgraph draw NEW --diff OLD shows the change; wfgraph runs resume --remap names a task anew.",
    ),
)
@click.argument("old", shell_complete=complete_target)
@click.argument("new", shell_complete=complete_target)
@click.option("--all", "everything", is_flag=True, help="Tell of tasks that never halt, too.")
@click.option("--name", help="Of a database, the runs of this name only.")
def drift(old: str, new: str, everything: bool, name: str | None) -> None:
    """Tell where runs that are halted in OLD would go on in NEW, and which could not.

    OLD and NEW are definitions, or .json files that `wfgraph draw TARGET -o version.json` wrote. Told are the tasks that
    halt, and those of which that is not known. OLD may also be a database of runs, runs.db or postgresql://host/name:
    then told are the objects that stand in it.
    """
    if is_database(old):
        if not _drift_of_database(old, version_of(new), name):
            click.get_current_context().exit(1)
        return
    if name is not None:
        raise CommandError("--name chooses runs of a database; OLD is none")
    before, after = version_of(old), version_of(new)
    if fingerprint(before) == fingerprint(after):
        say("the same structure: every run goes on where it stands")
        return
    names = identities(before)
    same = same_tasks(before, after)
    lost = {one.node: one for one in stranded(before, after)}
    counts = [0, 0]
    for node in before.nodes:
        if node.lane is not None or not (everything or _holds(before, node)):
            continue
        sure = any(edge.kind is EdgeKind.HALT for edge in before.out_edges(node.id))
        place = f"{names[node.id].short} at {before.where(node.id)}"
        if node.id in same:
            say(f"  {place} goes on at {after.where(same[node.id])}")
        else:
            counts[sure] += 1
            say(f"{'✖' if sure else '?'} {place} {lost[node.id].why(after)}")
    told = [f"{counts[1]} that halt"] * bool(counts[1]) + [f"{counts[0]} that may"] * bool(counts[0])
    say(f"lost: {', '.join(told)}" if told else "every run that is halted can go on")
    if counts[1]:
        click.get_current_context().exit(1)


def _holds(graph: WorkflowGraph, node: Node) -> bool:
    """Tell whether runs may be halted in a task."""
    return node.opaque or any(edge.kind is EdgeKind.HALT for edge in graph.out_edges(node.id))


def _drift_of_database(url: str, after: WorkflowGraph, name: str | None) -> bool:
    """Tell of the objects that stand in a database; tell whether all of them can go on."""
    from wfgraph.cli.stored import store_at
    from wfgraph.storage.placement import Places

    store = store_at(url, create=False)
    lines: list[tuple[bool, str]] = []
    lost_objects = 0
    standing = [found for found in store.standing(name=name) if found[1] is not None]
    for key in dict.fromkeys(found[0] for found in standing):
        before = store.definition(key or "")
        places, names = Places(before), identities(before)
        same = same_tasks(before, after)
        lost = {one.node: one for one in stranded(before, after)}
        for _, position, status, count in (found for found in standing if found[0] == key):
            place = places.at(position or [0])
            told = f"{count} {status.label.lower()} at "
            stood = format_address(json.loads(place.position) if place is not None else position or [])
            if place is not None and place.number in same:
                goal = after.where(same[place.number])
                lines.append((True, f"  {told}{names[place.number].short}, {stood}: goes on at {goal}"))
                continue
            lost_objects += count
            why = lost[place.number].why(after) if place is not None else "is no place in the stored definition"
            where = f"{names[place.number].short}, {stood}" if place is not None else stood
            lines.append((False, f"✖ {told}{where}: {why}"))
    for _, line in sorted(lines, key=lambda found: found[0]):
        say(line)
    if not standing:
        say("no object stands anywhere in it")
    else:
        say(f"{counted(lost_objects, 'object')} could not go on" if lost_objects else "every object can go on")
    return not lost_objects
