"""Whether one version of a product may follow another: what changed, and who reads it."""

from floe_core.compatibility.changes import Change
from floe_core.compatibility.difference import Bump, Difference, compare
from floe_core.compatibility.problems import described, nobody, not_asked, problem_of, read_by
from floe_core.compatibility.readers import Reader

__all__ = [
    "Bump",
    "Change",
    "Difference",
    "Reader",
    "compare",
    "described",
    "nobody",
    "not_asked",
    "problem_of",
    "read_by",
]
