"""MachineState: where an engine stands."""

from __future__ import annotations

from typing import Any

from wfgraph.runtime.cursor import Cursor
from wfgraph.utils import attribute, classproperty, shown

__all__ = ["MachineState"]


class MachineState:
    """Where an engine stands: which token, and which task of its definition.

    Attributes:
        token_pos: the index of the current token; -1 before the first. It goes up before a token is taken.
        callback_pos: the path of the task that runs now, one index per level of nesting. A live list: keep a reference
            and it follows; change it inside a task and the engine goes on from there. After a halt or an error it stays
            at the task that raised.
        current_object_processed: whether the run went through its ``after_processing``.
    """

    _cursor: Cursor | None = None
    _token_pos: int
    _callback_pos: list[int]

    def __init__(self, token_pos: int | None = None, callback_pos: list[int] | None = None) -> None:
        self.reset()
        if token_pos is not None:
            self.token_pos = token_pos
        if callback_pos is not None:
            self.callback_pos = callback_pos

    @property
    def callback_pos(self) -> list[int]:
        """The path of the current task."""
        return self._callback_pos if self._cursor is None else self._cursor.position()

    @callback_pos.setter
    def callback_pos(self, value: list[int]) -> None:
        if self._cursor is not None:
            # The token goes on where it is; the next task it comes to shows its own place again.
            self._cursor.follow()
            self._cursor = None
        self._callback_pos = value

    def glance(self) -> list[int]:
        """Return a copy of ``callback_pos``, without making it a live one: for those who only look on."""
        return list(self._callback_pos) if self._cursor is None else self._cursor.glance()

    @property
    def token_pos(self) -> int:
        """The index of the current token.

        Raises:
            AttributeError: when set to less than -1.
        """
        return self._token_pos

    @token_pos.setter
    def token_pos(self, value: int) -> None:
        if value < -1:
            raise AttributeError("token_pos may not be < -1")
        self._token_pos = value

    def reset(self) -> None:
        """Go back to before the first token."""
        self.token_pos_reset()
        self.callback_pos_reset()
        self.current_object_processed = False

    def token_pos_reset(self) -> None:
        """Set ``token_pos`` to its start, -1."""
        self._token_pos = -1

    def callback_pos_reset(self) -> None:
        """Set ``callback_pos`` to its start, a new list ``[0]``."""
        self.callback_pos = [0]

    @classproperty
    def _state_keys(cls: Any) -> tuple[str, str, str]:  # noqa: N805 - a class property
        return ("token_pos", "callback_pos", "current_object_processed")

    def __getstate__(self) -> dict[str, Any]:
        return {
            "token_pos": self.token_pos,
            "callback_pos": list(self.callback_pos),
            "current_object_processed": self.current_object_processed,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.token_pos = state["token_pos"]
        self.callback_pos = list(state["callback_pos"])
        self.current_object_processed = state["current_object_processed"]

    def __repr__(self) -> str:
        return f"MachineState(token_pos={attribute(self, 'token_pos')}, callback_pos={shown(attribute(self, 'callback_pos'))})"
