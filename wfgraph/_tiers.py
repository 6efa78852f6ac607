"""How an engine walks a definition: what that is compiled to, and whether generated code is worth it."""

from __future__ import annotations

import os
from typing import Any, Literal

from wfgraph.compiler.cache import Prepared, ProgramCache
from wfgraph.compiler.codegen import CompiledProgram
from wfgraph.errors import WorkflowAPIError
from wfgraph.runtime import loops
from wfgraph.runtime.interpreter import NOBODY, Watchers
from wfgraph.utils import shown

__all__ = ["Tiers"]


class Tiers:
    """The part of an engine that knows programs and tiers; :class:`~wfgraph.engine.GenericWorkflowEngine` says which."""

    tier: Literal["auto", "interpreted", "compiled"] = "auto"
    strict: bool = False
    _run: Any
    _program_cache: ProgramCache | None = None

    def _compiled(self, callbacks: Any) -> Prepared:
        """Compile a definition, unless that was done before; a strict engine checks it once."""
        # Not made by __init__: a subclass may never call it, or call it late.
        if self._program_cache is None:
            self._program_cache = ProgramCache()
        found = self._program_cache.get(callbacks)
        if self.strict and not found.vetted:
            from wfgraph.checks.runner import refuse_errors  # running a workflow needs none of it otherwise

            refuse_errors(callbacks, type(self))
            found.vetted = True
        return found

    def _executable(self, callbacks: Any, coming: int, watch: Watchers) -> tuple[Prepared, CompiledProgram | None]:
        """Return the program of a definition, and its routines if they are what a number of tokens is to be run by."""
        run, compiled = self._run, self._compiled
        prepared: Prepared = compiled(callbacks) if run is None else run.program(callbacks, compiled)
        if watch is not NOBODY or not self._compiles(prepared, coming):
            return prepared, None
        return prepared, prepared.executable(loops.begin, loops.resume)

    def _compiles(self, prepared: Prepared, coming: int) -> bool:
        """Tell whether the compiled tier is to be used."""
        tier = self._run.tier if self._run is not None and self._run.tier else self._chosen_tier()
        prepared.forced = tier == "compiled"
        return prepared.forced or (tier == "auto" and prepared.worth_compiling(coming))

    def _chosen_tier(self) -> str:
        tier: str = os.environ.get("WFGRAPH_TIER", "auto") if self.tier == "auto" else self.tier
        if tier not in ("auto", "interpreted", "compiled"):
            raise WorkflowAPIError(f"no tier {shown(tier)}; use 'auto', 'interpreted' or 'compiled'")
        return tier
