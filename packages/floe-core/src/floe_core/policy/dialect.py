"""What floe takes of Rego: only what proves. A policy that lists what is wrong misses what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

from floe_core.errors import Position, Problem
from floe_core.policy.builtins import BUILTINS
from floe_core.policy.policy import Policy
from floe_core.policy.schema import About, unknown_key
from floe_core.policy.tokens import CLOSING, OPENING, Token, is_key, reference, tokens
from floe_core.suggestion import did_you_mean

_PROVEN_STYLE = "write 'required := {\"ID\"}', 'proven contains \"ID\" if …' and 'deny := required - proven'"
_FORBIDDEN = {
    "not": ("proves by what is missing", "write 'X == false': that is undefined where X is"),
    "default": ("answers for what is missing", "leave it out: what is missing proves nothing"),
    "else": ("answers for what is missing", "write a rule of its own for each case"),
    "with": ("exchanges what is asked about", "write cases for 'floe policy test' instead"),
    "data": ("reaches outside this policy", "a policy sees 'input' and what stands in its own file"),
}
_KEYWORDS = {"if", "in", "some", "every", "contains", "true", "false", "null"}
_OWN = ("required", "proven", "deny", "help")


class PolicyReader:
    """Reads one source; ``problems`` is then what keeps it from being a policy."""

    def __init__(self, path: Path, source: str) -> None:
        self._path = path
        self._source = source
        self._functions: set[str] = set()
        self._about: About | None = None
        self._name = ""
        self._required: dict[str, Token] = {}
        self._proven: dict[str, Token] = {}
        self._help: dict[str, str] = {}
        self._denies = 0
        self.problems: list[Problem] = []

    def read(self) -> Policy | None:
        """None only where there is a problem."""
        statements = list(self._statements())
        self._functions = {words[0].text for words in statements if len(words) > 1 and words[1].text == "("}
        for words in statements:
            self._statement(words)
        self._whole()
        if self._about is None:
            return None
        places = {id_: self._at(token) for id_, token in self._required.items()}
        return Policy(
            self._path, self._about, self._name, self._source, tuple(self._required), self._help, places
        )

    def _statements(self) -> Iterator[list[Token]]:
        """Each begins in column 1; a line inside of one is in brackets."""
        current: list[Token] = []
        depth = 0
        for token in tokens(self._source):
            if token.kind == "unknown":
                self._refuse(token, f"unexpected '{token.text}'")
            if depth == 0 and token.first:
                if token.column != 1:
                    self._refuse(token, "a rule goes on in a new line", "put what belongs together in braces")
                if current:
                    yield current
                current = []
            depth += (token.text in OPENING) - (token.text in CLOSING) if token.kind == "sign" else 0
            if depth < 0:
                self._refuse(token, f"'{token.text}' closes nothing")
                depth = 0
            if depth == 0 and token.text == ";":
                self._refuse(token, "two statements in one line", "begin a new line")
            current.append(token)
        if depth:
            self._refuse(current[-1], "the file ends inside a bracket")
        if current:
            yield current

    def _statement(self, words: Sequence[Token]) -> None:
        head, texts = words[0], [word.text for word in words]
        if head.text == "package":
            self._package(words)
        elif head.text == "import":
            if texts != ["import", "rego", ".", "v1"]:
                self._refuse(head, "imports something else than 'rego.v1'", "a policy stands for itself")
        elif head.text == "required" and texts[1:2] == [":="]:
            self._ids(words)
        elif head.text == "proven" and texts[1:2] == ["contains"]:
            self._proof(words)
        elif head.text == "deny":
            self._deny(words)
        elif head.text == "help" and texts[1:2] == [":="]:
            self._helps(words)
        else:
            self._helper(words)
        if head.text not in ("package", "import"):
            self._body(words)

    def _package(self, words: Sequence[Token]) -> None:
        texts = [word.text for word in words]
        if len(texts) == 6 and texts[1:3] == ["floe", "."] and texts[3] in get_args(About):
            self._about = "model" if texts[3] == "model" else "product"
            self._name = texts[5]
        else:
            self._refuse(
                words[0],
                "the package is neither 'floe.model.NAME' nor 'floe.product.NAME'",
                "the first is asked of each model, the second once of the product",
            )

    def _ids(self, words: Sequence[Token]) -> None:
        inner = words[3:-1]
        closed = [word.text for word in (*words[2:3], *words[-1:])] == ["{", "}"] and len(words) > 4
        if self._required:
            self._refuse(words[0], "'required' is written twice", "one set holds all ids")
        elif not closed or not all(
            word.kind == "text" if place % 2 == 0 else word.text == "," for place, word in enumerate(inner)
        ):
            self._refuse(words[0], "'required' is not a set of texts", 'write: required := {"ID", "ID"}')
        for word in inner:
            if word.kind == "text" and (id_ := self._value(word)):
                self._required.setdefault(id_, word)

    def _proof(self, words: Sequence[Token]) -> None:
        texts = [word.text for word in words]
        if len(words) < 3 or words[2].kind != "text":
            self._refuse(words[0], "an id that is only known when the policy runs", "write the id as a text")
        elif texts[3:4] != ["if"] or len(words) == 4:
            self._refuse(words[0], f"proves {texts[2]} without a condition", "write 'if' and what proves it")
        elif id_ := self._value(words[2]):
            self._proven.setdefault(id_, words[2])

    def _deny(self, words: Sequence[Token]) -> None:
        self._denies += 1
        if [word.text for word in words] != ["deny", ":=", "required", "-", "proven"]:
            self._refuse(words[0], "lists what is wrong, and so allows what is missing", _PROVEN_STYLE)

    def _helps(self, words: Sequence[Token]) -> None:
        entries = words[3:-1]
        for place, word in enumerate(entries):
            if place % 4 == 0 and place + 2 < len(entries) and entries[place + 1].text == ":":
                key, said = self._value(word), self._value(entries[place + 2])
                self._help[key or ""] = said or ""
            elif place % 4 == 0:
                self._refuse(word, "'help' is not an object of texts", 'write: help := {"ID": "what to do"}')
                return

    def _helper(self, words: Sequence[Token]) -> None:
        head, after = words[0], words[1].text if len(words) > 1 else ""
        if head.kind != "name" or head.text in _KEYWORDS:
            self._refuse(head, f"a rule cannot begin with '{head.text}'")
        elif head.text in _FORBIDDEN:
            return  # told by its word
        elif head.text == "allow":
            self._refuse(head, "allows; floe allows what is proven and nothing else", _PROVEN_STYLE)
        elif head.text in _OWN:
            self._refuse(head, f"'{head.text}' is written in another way", _PROVEN_STYLE)
        elif after not in (":=", "if", "("):
            what = "collects what it finds: what is missing is not in it"
            self._refuse(head, f"'{head.text}' {what}", "write a condition that is true where all is well")

    def _body(self, words: Sequence[Token]) -> None:
        for word in words:
            if word.kind == "name" and word.text in _FORBIDDEN and not is_key(words, word):
                what, hint = _FORBIDDEN[word.text]
                self._refuse(word, f"'{word.text}' {what}", hint)
            elif word.kind == "sign" and word.text == "|":
                self._refuse(word, "a comprehension leaves out what is missing", "use 'some' or 'every'")
        if [word.text for word in words[1:2]] == ["contains"]:
            words = words[2:]
        for place, word in enumerate(words):
            if word.kind == "name" and (place == 0 or words[place - 1].text != "."):
                self._name_used(words, place)

    def _name_used(self, words: Sequence[Token], place: int) -> None:
        path, after = reference(words, place)
        called = ".".join(part or "_" for part in path)
        if after == "(" and called not in _KEYWORDS:
            if called not in BUILTINS and called not in self._functions:
                hint = did_you_mean(called, [*BUILTINS, *self._functions]) or "see docs/policies.md"
                self._refuse(words[place], f"no function '{called}' for policies", hint)
        elif called == "input":
            self._refuse(words[place], "'input' as a whole", "name a part, as in 'input.product.owner'")
        elif path[0] == "input" and self._about and (wrong := unknown_key(self._about, path[1:])):
            key, known = wrong
            hint = did_you_mean(key, known) or f"known here: {', '.join(known)}"
            self._refuse(words[place], f"the input has no '{called}'", hint)

    def _whole(self) -> None:
        start = Position.of(self._path)
        if self._about is None and not self.problems:
            self.problems.append(Problem("FLOE-E314", "no package", start, "write: package floe.model.NAME"))
        if not self._required or self._denies != 1:
            told = {(problem.at, problem.hint) for problem in self.problems}
            if not any(hint == _PROVEN_STYLE for _, hint in told):
                self.problems.append(
                    Problem(
                        "FLOE-E314",
                        "says not what must be proven, or not to deny it",
                        start,
                        _PROVEN_STYLE,
                    )
                )
        for id_, token in self._required.items():
            if id_ not in self._proven:
                self._refuse(token, f"nothing proves '{id_}'", f'write: proven contains "{id_}" if …')
        for id_, token in self._proven.items():
            if id_ not in self._required:
                hint = did_you_mean(id_, self._required) or "write it into 'required'"
                self._refuse(token, f"'{id_}' is proven and not required", hint)
        for id_ in self._help:
            if id_ not in self._required:
                self.problems.append(
                    Problem("FLOE-E314", f"'help' is about '{id_}', which is not required", start)
                )

    def _value(self, token: Token) -> str | None:
        try:
            return token.value if token.kind == "text" else None
        except ValueError:
            self._refuse(token, f"not a text: {token.text}")
            return None

    def _at(self, token: Token) -> Position:
        return Position.of(self._path, token.line, token.column)

    def _refuse(self, token: Token, message: str, hint: str | None = None) -> None:
        self.problems.append(Problem("FLOE-E314", message, self._at(token), hint))
