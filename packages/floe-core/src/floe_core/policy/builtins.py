"""The built-in functions a policy may call.

None reads a clock, a file, the network, the environment or a dice: the same product gets the same answer
everywhere. None answers for what is missing, as ``object.get`` does: what is missing proves nothing.
"""

from __future__ import annotations

BUILTINS: dict[str, str] = {
    "abs": "a number without its sign",
    "array.concat": "two arrays, one after the other",
    "array.reverse": "an array from its end",
    "array.slice": "a part of an array",
    "ceil": "a number rounded up",
    "concat": "an array of texts, joined",
    "contains": "whether a text holds another",
    "count": "how many items, or letters, there are",
    "endswith": "whether a text ends with another",
    "floor": "a number rounded down",
    "format_int": "a number as text",
    "indexof": "where a text stands in another",
    "is_array": "whether it is an array",
    "is_boolean": "whether it is true or false",
    "is_null": "whether it is null",
    "is_number": "whether it is a number",
    "is_object": "whether it is an object",
    "is_set": "whether it is a set",
    "is_string": "whether it is a text",
    "lower": "a text in lower case",
    "max": "the largest item",
    "min": "the smallest item",
    "object.keys": "the keys of an object",
    "regex.match": "whether a text fits a regular expression",
    "replace": "a text with a part of it exchanged",
    "round": "a number rounded",
    "sort": "an array or a set in order",
    "split": "a text cut at another",
    "sprintf": "a text with values put in",
    "startswith": "whether a text begins with another",
    "strings.any_prefix_match": "whether any text begins with any other",
    "strings.any_suffix_match": "whether any text ends with any other",
    "substring": "a part of a text",
    "sum": "all items together",
    "to_number": "a text as a number",
    "trim": "a text without these letters at its ends",
    "trim_prefix": "a text without its beginning",
    "trim_space": "a text without blanks at its ends",
    "trim_suffix": "a text without its end",
    "upper": "a text in upper case",
}
"""Each with what it gives; everything else is refused when the product is compiled."""
