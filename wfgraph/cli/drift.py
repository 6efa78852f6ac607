"""``wfgraph drift``: which halted runs could not go on after a change of their definition."""

from __future__ import annotations

import click

from wfgraph.cli.console import say
from wfgraph.cli.targets import version_of
from wfgraph.graph.difference import Stranded, same_tasks, stranded
from wfgraph.graph.identity import fingerprint, identities
from wfgraph.graph.ops import EdgeKind
from wfgraph.graph.workflow_graph import Node, WorkflowGraph

__all__ = ["drift"]


@click.command(short_help="Tell which halted runs could not go on after a change.")
@click.argument("old")
@click.argument("new")
@click.option("--all", "everything", is_flag=True, help="Tell of tasks that never halt, too.")
def drift(old: str, new: str, everything: bool) -> None:
    """Tell where runs that are halted in OLD would go on in NEW, and which could not.

    OLD and NEW are definitions, or .json files that `wfgraph draw TARGET -o version.json` wrote. Told are the tasks that
    halt, and those of which that is not known.

    The exit code is 0 when every run can go on, 1 when runs halted in some task could not.
    """
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
            say(f"{'✖' if sure else '?'} {place} {_why(lost[node.id], after)}")
    told = [f"{counts[1]} that halt"] * bool(counts[1]) + [f"{counts[0]} that may"] * bool(counts[0])
    say(f"lost: {', '.join(told)}" if told else "every run that is halted can go on")
    if counts[1]:
        click.get_current_context().exit(1)


def _holds(graph: WorkflowGraph, node: Node) -> bool:
    """Tell whether runs may be halted in a task."""
    return node.opaque or any(edge.kind is EdgeKind.HALT for edge in graph.out_edges(node.id))


def _why(lost: Stranded, after: WorkflowGraph) -> str:
    guards = f": {', '.join(lost.guards)}" if lost.guards else ""
    near = ", ".join(after.where(node) for node in lost.candidates[:3])
    return f"{lost.reason.value}{guards}" + (f"; nearest: {near}" if near else "")
