"""The blinker signals that an engine sends.

=====================  ==============================================================================
``workflow_started``   a run of an engine begins (``ProcessingFactory.before_processing``)
``workflow_finished``  a run has ended by itself (``ProcessingFactory.after_processing``)
``workflow_halted``    a run was halted, or ended by an error (``TransitionActions``)
``workflow_error``     a run was ended by an error
=====================  ==============================================================================

The sender of each is the engine.
"""

from __future__ import annotations

from blinker import Namespace

__all__ = ["workflow_error", "workflow_finished", "workflow_halted", "workflow_started"]

_signals = Namespace()

workflow_halted = _signals.signal("workflow_halted")
"""A run was halted, or ended by an error."""

workflow_started = _signals.signal("workflow_started")
"""A run begins."""

workflow_finished = _signals.signal("workflow_finished")
"""A run has ended by itself."""

workflow_error = _signals.signal("workflow_error")
"""A run was ended by an error."""
