"""Audit the licences of the Python distributions that are installed here.

Each token is one distribution. The workflow reads its metadata, decides what family its licence belongs to, looks at
what it requires, and halts where a human must decide. Nothing is fetched: all of it lies on the disk already.

    wfgraph show examples/license_audit.py:audit
    wfgraph draw examples/license_audit.py:audit -o audit.svg
"""

import re
from functools import cache
from importlib.metadata import distributions

from wfgraph.patterns import CHOICE, FOR, HALT, IF_ELSE


def installed():
    """Return a token for each of the distributions installed here, in alphabetical order: plain JSON, to be stored."""
    found = {}
    for distribution in distributions():
        name = distribution.metadata["Name"]
        if name:
            found.setdefault(canonical(name), distribution)
    return [package(found[key]) for key in sorted(found)]


def package(distribution):
    """Make the token for a distribution."""
    wanted = ("license-expression", "license", "classifier", "requires-dist")
    metadata = {key: [] for key in wanted}
    for key, value in distribution.metadata.items():
        if key.lower() in wanted:
            metadata[key.lower()].append(str(value))
    return {
        "name": distribution.metadata["Name"],
        "version": distribution.version or "?",
        "metadata": metadata,
        "declared": [],
        "licence": "",
        "family": "",
        "requirements": [],
        "problems": [],
        "notes": [],
    }


@cache
def names():
    """Return the names of the distributions installed here."""
    return frozenset(canonical(found.metadata["Name"]) for found in distributions() if found.metadata["Name"])


def canonical(name):
    """Write a distribution's name as package indexes compare them."""
    return re.sub(r"[-_.]+", "-", name).lower()


# The tasks ------------------------------------------------------------------------------------------------------------


def parse(obj, eng):
    """Collect what the metadata says about the licence, the most exact first, and what is required."""
    expression = obj["metadata"].get("license-expression", [])
    texts = [text.strip().splitlines()[0][:60] for text in obj["metadata"].get("license", []) if text.strip()]
    classifiers = [
        line.rpartition("::")[2].strip()
        for line in obj["metadata"].get("classifier", [])
        if line.startswith("License ::") and not line.endswith("OSI Approved")
    ]
    # "UNKNOWN" is what older build tools wrote when an author had said nothing.
    obj["declared"] = [text for text in (*expression, *texts, *classifiers) if text.upper() != "UNKNOWN"]
    obj["requirements"] = obj["metadata"].get("requires-dist", [])


PERMISSIVE, WEAK, STRONG, PROPRIETARY = FAMILIES = "permissive", "weak copyleft", "strong copyleft", "proprietary"
LICENCES = [
    (r"\bAGPL|Affero", "AGPL", STRONG),
    (r"\bLGPL|Lesser|Library General", "LGPL", WEAK),
    (r"\bGPL|GNU General", "GPL", STRONG),
    (r"\bMPL|Mozilla", "MPL", WEAK),
    (r"\bEPL\b|Eclipse", "EPL", WEAK),
    (r"\bApache", "Apache", PERMISSIVE),
    (r"\bBSD|\b0BSD", "BSD", PERMISSIVE),
    (r"\bMIT\b|Expat", "MIT", PERMISSIVE),
    (r"\bPSF|Python Software Foundation", "PSF", PERMISSIVE),
    (r"\bISC\b|ISCL", "ISC", PERMISSIVE),
    (r"\bZlib|\bZPL|\bHPND|Boost|Artistic", "other permissive", PERMISSIVE),
    (r"\bUnlicense|Public Domain|\bCC0|WTFPL", "public domain", PERMISSIVE),
    (r"Proprietary|Commercial|All rights reserved", "proprietary", PROPRIETARY),
]


def kinds(text):
    """Return what licences a text speaks of: pairs of how heavy they weigh and their name."""
    return [
        (FAMILIES.index(group), name) for pattern, name, group in LICENCES if re.search(pattern, text, re.IGNORECASE)
    ]


def normalise(obj, eng):
    """Give the licence one spelling and its family."""
    obj["family"] = "unknown"
    for text in obj["declared"]:
        # "A or B" is the user's choice, so the lightest offer counts ("or later" is none: it names no licence).
        offers = [found for part in re.split(r"\bor\b", text, flags=re.IGNORECASE) if (found := kinds(part))]
        if offers:
            offer = min(offers, key=max)
            weight, obj["licence"] = max(offer)
            obj["family"] = FAMILIES[weight]
            if len({weight for weight, _ in offer}) > 1:
                obj["problems"].append(f"licences of several kinds at once: {text}")
            return  # what follows is less exact


def family(obj, eng):
    """Say which branch is for this licence."""
    return obj["family"].replace(" ", "_")


def note(text):
    """Make a task that writes down what using such a distribution asks of you."""

    def add_note(obj, eng):
        obj["notes"].append(text)

    return add_note


def nothing_declared(obj, eng):
    """Tell whether there is no licence at all, rather than one that is not known here."""
    return not obj["declared"]


def name_unknown(obj, eng):
    """Write down a licence that none of the rules knows."""
    obj["problems"].append(f"a licence that the rules don't know: {obj['declared'][0]}")


def requirements(obj, eng):
    """List what the distribution needs in any case; what depends on a marker or an extra is left out."""
    return [line for line in obj["requirements"] if ";" not in line]


def look_up(obj, eng):
    """See whether a requirement is installed."""
    name = re.match(r"[A-Za-z0-9._-]*", eng.extra_data["requirement"]).group()
    if canonical(name) not in names():
        obj["problems"].append(f"requires {name}, which is not installed")


def has_problems(obj, eng):
    """Tell whether anything was found on the way."""
    return bool(obj["problems"])


def ask_a_human(obj, eng):
    """Halt, and hand over what was found."""
    eng.halt("; ".join(obj["problems"]), action="review", payload={"name": obj["name"], "declared": obj["declared"]})


def accept(obj, eng):
    """Nothing to object to."""
    obj["notes"].append("accepted")


# The workflow ---------------------------------------------------------------------------------------------------------

audit = [
    parse,
    normalise,
    CHOICE(
        family,
        permissive=note("keep the copyright notice"),
        weak_copyleft=note("publish changes made to its own files"),
        strong_copyleft=[
            note("publish the source of what you distribute with it"),
            HALT("strong copyleft: may it be part of what we distribute?", action="approve"),
        ],
        proprietary=HALT("proprietary: is there a contract that covers it?", action="approve"),
        default=[
            IF_ELSE(
                nothing_declared,
                HALT("no licence is declared: ask its authors", action="review"),
                name_unknown,
            ),
        ],
    ),
    FOR(requirements, "requirement", [look_up]),
    IF_ELSE(has_problems, [ask_a_human], [accept]),
]
