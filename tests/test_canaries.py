"""Forty secrets in every slot that takes one, and 33 ways to fail that hold them: none gets out."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from floe_core.ledger import Ledger
from floe_core.run_result import RunResult
from testing.command_line import Result
from testing.command_line import floe as show
from testing.otlp_receiver import Received, otlp_receiver, values
from tests.demo import floe

pytestmark = pytest.mark.xdist_group("canaries")

CANARY = "c4n4ry"
OF_OTHERS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", *(f"DBT_ENV_SECRET_{n}" for n in range(8)))
HEADERS = [f"CANARY_{number}" for number in range(29)]
NAMES = (*HEADERS, "CANARY_OF_LINEAGE", *OF_OTHERS)
FORMS = (
    "secret",
    "base64.b64encode(secret.encode()).decode()",
    "base64.b64encode(b'user:' + secret.encode()).decode()",
    "base64.b64encode(b'root' + secret.encode()).decode()",
    "base64.urlsafe_b64encode(secret.encode()).decode()",
    "secret.encode().hex()",
    "secret.encode().hex().upper()",
    "urllib.parse.quote(secret, safe='')",
    "secret[::-1]",
    "' '.join(secret)",
    "'https://me:' + secret + '@db/x'",
    "repr(secret.encode())",
    "json.dumps([secret])",
)
WAYS = (
    "raise ValueError(said)",
    "raise OSError(5, said)",
    "raise KeyError(said)",
    "raise FileNotFoundError(2, 'no such file', said)",
    "raise RuntimeError({'key': [said]})",
    "raise RuntimeError(said.encode())",
    "raise ExceptionGroup(said, [ValueError(said)])",
    "raise RuntimeError('broken') from ValueError(said)",
    "raise AssertionError(said)",
    "raise UserWarning(said)",
    "raise UnicodeDecodeError('utf-8', said.encode(), 0, 1, said)",
    "raise subprocess.CalledProcessError(1, ['login', said], said, said)",
    "raise type('Odd', (Exception,), {'__str__': lambda self: said})()",
    "raise type('Noted', (Exception,), {'__notes__': [said]})(said)",
    "logging.getLogger('driver').error('refused: %s', said); raise RuntimeError('logged')",
    "logging.getLogger('driver').critical('no', exc_info=ValueError(said)); raise RuntimeError('logged')",
    "structlog.get_logger('driver').error('refused', reason=said); raise RuntimeError('logged')",
    "int(said)",
    "{}[said]",
    "getattr(session, said)",
    "open(said)",
    "__import__(said)",
    "compile(said, said, 'exec')",
    "json.loads(said)",
    "session.sql(said)",
    "session.sql(f\"select error('{quoted}')\").fetchall()",
    "session.sql(f\"select cast('{quoted}' as integer)\").fetchall()",
    "session.sql(f'select \"{said}\" from range(1)')",
    "session.sql(f\"select * from read_csv('{quoted}')\")",
    "session.sql(f\"attach '{quoted}/x/y.db' as other\")",
)
MODEL = """import base64, json, logging, os, structlog, subprocess, urllib.parse

def told(secret):
    return ' '.join([{forms}])

def model(dbt, session):
    dbt.config(materialized='table')
    said = told(os.environ['{name}'])
    quoted = said.replace("'", "''")
    {way}
    return session.sql('select 1 as a')
"""
LOUD = """
    for name in {names}:
        logging.getLogger('driver').error(told(os.environ[name]))
"""


@dataclass(frozen=True)
class Ran:
    """A product that was run once well and once badly, what its receivers heard and a terminal showed."""

    home: Path
    received: Received
    good: dict[str, Any]
    bad: RunResult
    shown: Result


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    home = tmp_path_factory.mktemp("canaries") / "shop"
    with pytest.MonkeyPatch.context() as patch, otlp_receiver() as received:
        for number, name in enumerate(NAMES):
            patch.setenv(name, f"{CANARY}/{number:02}+k=ey{'x' * (number % 3)}")
        write(home, received.url)
        good = floe("run", str(home))
        for number, way in enumerate(WAYS):
            (home / f"models/bad_{number}.py").write_text(model(NAMES[number], way))
        write_beyond_models(home)
        patch.setenv("FLOE_LOG", "info")
        shown = show("run", str(home))
        assert shown.status == 1, shown.stderr
        ledger = Ledger(home / ".floe")
        [newest, _] = ledger.runs()
        yield Ran(home, received, good, ledger.attempt(newest.run_id, newest.attempt), shown)


def write_beyond_models(home: Path) -> None:
    """A model in SQL, a test and a seed's hook that fail over a secret: SQL reads it when it runs."""
    outside = home.parent / "said.txt"
    outside.write_text(every_form(f"{CANARY}/00+k=ey"))
    failing = f"select error(content)::integer as a from read_text('{outside}')"
    files = {
        "models/bad_sql.sql": f"{failing}\n",
        "tests/bad_test.sql": f"select f.a from {{{{ ref('fine') }}}} f, ({failing}) b where b.a > f.a\n",
        "seeds/bad_seed.csv": "a\n1\n",
        "seeds/schema.yml": f'seeds: [{{name: bad_seed, config: {{post_hook: "{failing}"}}}}]\n',
    }
    for name, text in files.items():
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).write_text(text)


def every_form(secret: str) -> str:
    """The secret as the models say it."""
    known: dict[str, Any] = {}
    exec(MODEL.format(forms=", ".join(FORMS), name="", way="return None"), known)
    said: str = known["told"](secret)
    return said


def model(name: str, way: str) -> str:
    """A Python model that says the secret of that name in every form."""
    return MODEL.format(forms=", ".join(FORMS), name=name, way=way)


def write(home: Path, url: str) -> None:
    headers = ", ".join(f"x-{name.lower().replace('_', '-')}: '${{{name}}}'" for name in HEADERS)
    lineage = f"url: '{url}', apiKey: '${{CANARY_OF_LINEAGE}}'"
    files = {
        "manifest.yaml": "metadata: {name: p}\nplugins:\n"
        f"  telemetry: {{type: otlp, config: {{endpoint: '{url}', headers: {{{headers}}}}}}}\n"
        f"  lineage: {{type: marquez, config: {{{lineage}}}}}\n",
        "floe.yaml": "metadata: {name: shop, owner: sales}\n",
        "dbt_project.yml": "name: shop\nversion: '1.0'\nprofile: shop\n",
        "models/fine.sql": "select 1 as a\n",
        "models/loud.py": model(NAMES[0], LOUD.format(names=NAMES).strip()),
    }
    for name, text in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def forms_of_the_canary() -> dict[str, bytes]:
    """What all of the secrets have in common, in every form: none of it depends on what stands beside it."""
    raw = CANARY.encode()
    shifted = (base64.b64encode(b"x" * shift + raw)[cut:8] for shift, cut in ((0, 0), (1, 2), (2, 3)))
    return {
        "plain": raw,
        "reversed": raw[::-1],
        "spaced": " ".join(CANARY).encode(),
        "hexadecimal": raw.hex().encode(),
        "hexadecimal, upper case": raw.hex().upper().encode(),
        **{f"base64 {shift}": part for shift, part in enumerate(shifted)},
    }


@pytest.mark.requirement("FR-065")
def test_what_the_models_say_holds_every_form_that_is_looked_for() -> None:
    said = every_form(f"{CANARY}/00+k=ey").encode()
    assert [form for form, needle in forms_of_the_canary().items() if needle not in said] == []


@pytest.mark.requirement("FR-065", "FR-046")
def test_no_secret_is_in_anything_that_is_written_or_sent(ran: Ran) -> None:
    states = {model.name: model.state for model in ran.bad.models}
    assert ran.good["state"] == "succeeded"
    well = {"fine": "succeeded", "loud": "succeeded"}
    ways = ["sql", "seed", *range(30)]
    assert states == well | {f"bad_{way}": "failed" for way in ways}
    assert [(test.name, test.state) for test in ran.bad.tests] == [("bad_test", "errored")]
    told = {str(place): text for place, text in enumerate(ran.received.bodies)}
    kept = {str(path): path.read_bytes() for path in ran.home.rglob("*") if path.is_file()}
    lines = ran.shown.stdout.splitlines()
    [printed] = [line for line in lines if "[error    ] refused" in line]  # by the model itself
    said = "\n".join(line for line in lines if line != printed)
    shown = {"standard output": said.encode(), "standard error": ran.shown.stderr.encode()}
    assert [text.count(b"failed") > 30 for text in shown.values()] == [True, True]
    assert any("dagster" in name for name in kept)
    assert any("ledger.db" in name for name in kept)
    assert sum(b"driver" in text for text in told.values()) >= 2
    hits = [
        (place, form)
        for place, text in {**told, **kept, **shown}.items()
        for form, needle in forms_of_the_canary().items()
        if needle in text
    ]
    assert hits == []


@pytest.mark.requirement("FR-065")
def test_the_headers_themselves_do_arrive(ran: Ran) -> None:
    [first] = {headers["x-canary-0"] for headers in ran.received.headers}
    assert first == f"{CANARY}/00+k=ey"


@pytest.mark.requirement("FR-040", "FR-041", "FR-042", "FR-045")
def test_a_model_that_fails_is_an_error_in_span_log_line_and_event_under_one_id(ran: Ran) -> None:
    trace_id = ran.bad.trace_id
    [error] = {model.error for model in ran.bad.models if model.name == "bad_0"}
    spans = [span for _, _, span in ran.received.spans() if span.trace_id.hex() == trace_id]
    [model] = [s for s in spans if s.name == "model" and values(s.attributes)["model_name"] == "bad_0"]
    [run] = [span for span in spans if span.name == "run"]
    assert (model.status.code, model.status.message, model.parent_span_id) == (2, error, run.span_id)
    assert [values(event.attributes) for event in model.events] == [{"exception.message": error}]
    assert run.status.code == 2
    [line] = [
        line
        for _, logger, line in ran.received.lines()
        if logger == "floe.run" and line.span_id == model.span_id and line.body.string_value == "model failed"
    ]
    assert (line.severity_text, line.trace_id.hex()) == ("ERROR", trace_id)
    assert values(line.attributes)["error"] == error
    events = [json.loads(body) for body in ran.received.bodies if body.startswith(b"{")]
    failed = [e for e in events if e["eventType"] == "FAIL" and e["job"]["name"].endswith("bad_0")]
    [event] = failed
    assert event["run"]["facets"]["errorMessage"]["message"] == error
    assert trace_id in json.dumps(event["run"]["facets"])


@pytest.mark.requirement("FR-046")
def test_what_is_told_elsewhere_leaves_nothing_here(ran: Ran) -> None:
    assert len(ran.received.spans()) > 60  # two runs were told of
    state = ran.home / ".floe"
    kept = [*state.glob("telemetry*/**/*"), *state.glob("logs/**/*")]
    of_refused_lineage = "telemetry/dropped"
    assert [str(path.relative_to(state)) for path in kept] == [of_refused_lineage]
