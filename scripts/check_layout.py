"""Checks that no tool does: a test file per module, sizes, and nothing in the tree that belongs to one machine."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Set
from pathlib import Path

MAX_MODULE = 400  # lines
MAX_FUNCTION = 60  # lines
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
_MACHINE = re.compile(r"/work/|/root/|/home/|/tmp/x\b|pypi\.org|pythonhosted|registry\.npmjs|deb\.debian")

RUN_THROUGH = {
    "tests/supervisor/test_up.py": (
        "cli/journal cli/main cli/options cli/orders cli/up config/log_setup edge/process "
        "supervisor/admin supervisor/control supervisor/handle supervisor/metrics supervisor/run "
        "supervisor/sockets supervisor/supervisor supervisor/totals"
    ),
    "tests/supervisor/test_companion.py": "control/process",
    "tests/control/test_server.py": "control/app control/routes",
    "tests/control/test_services.py": "control/parts",
    "tests/control/api/test_endpoint.py": (
        "access/flows/challenge control/api/cookies control/api/problems control/api/proof control/api/session"
    ),
    "tests/access/flows/test_login.py": "access/flows/conclude access/flows/parts control/api/login",
    "tests/access/flows/test_factors.py": "control/api/factors",
    "tests/access/flows/test_enrolment.py": "access/flows/new_device control/api/enrol",
    "tests/access/flows/test_passwords.py": "control/api/password",
    "tests/access/flows/test_inbox.py": "control/api/approvals",
    "tests/access/flows/test_account.py": "control/api/account",
    "tests/edge/test_wire.py": (
        "edge/build edge/context edge/forwarding edge/gateway edge/guards edge/http1/client edge/http1/framing "
        "edge/http1/pace edge/http1/serialise edge/http1/server edge/ids edge/layers edge/listen edge/proxy "
        "edge/records edge/rewrite edge/router edge/snapshot edge/stats edge/tunnel edge/worker http/target"
    ),
    "tests/edge/upstreams/test_group.py": "edge/upstreams/node edge/upstreams/status",
    "tests/edge/tls/test_contexts.py": "edge/tls/pem",
    "tests/edge/proxy_protocol/test_proxy_layer.py": "edge/proxy_protocol/layer",
    "tests/config/test_golden.py": (
        "config/semantics/__init__ config/semantics/finding config/semantics/guards config/semantics/listeners "
        "config/semantics/routes config/semantics/shadowing config/semantics/storage config/semantics/upstreams "
        "config/semantics/waf errors"
    ),
    "tests/perimeter/denylist/test_prefixes.py": "perimeter/denylist/columns",
    "tests/perimeter/denylist/test_store.py": "perimeter/denylist/__main__",
    "tests/pipeline/test_series.py": "http/message pipeline/exchange",
    "tests/storage/records/test_migrate.py": "storage/records/migrations/versions/0001_people storage/records/tables",
    "tests/storage/records/test_store.py": "storage/records/entities storage/records/statements",
    "tests/control/pages/test_look.py": ("control/pages/explanations control/pages/site control/pages/table"),
    "tests/cli/decoy/test_transcripts.py": "cli/decoy/actor cli/decoy/har cli/decoy/study",
    "tests/sentry/test_server.py": "sentry/process",
    "tests/decoy/test_server.py": "cli/decoy/serve decoy/process",
    "tests/test_demo.py": "cli/explain",
}
"""Modules without a test file of their own name, by the test that runs them. A new module gets its own test file."""

NO_TEST_YET = (
    "evidence/journal/advice evidence/journal/follow evidence/journal/framing "
    "evidence/journal/reader evidence/journal/segments evidence/journal/shape evidence/journal/text "
    "evidence/journal/writer "
    "perimeter/ratelimit/guard perimeter/ratelimit/keys "
    "storage/state/gcra storage/state/lmdb_engine storage/state/open storage/state/valkey_engine"
)
"""Modules that are owed one; take them out as it comes."""


def tracked() -> list[Path]:
    """Return the files that git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], check=True, capture_output=True, text=True
    )
    return [path for name in listed.stdout.splitlines() if (path := Path(name)).is_file()]


def of_one_machine(path: Path, text: str) -> Iterator[str]:
    """Yield lines that name a path of one machine, or the host of a registry."""
    for number, line in enumerate(text.splitlines(), 1):
        if _MACHINE.search(line):
            yield f"{path}:{number}: names a path of one machine or a registry's host: {line.strip()[:80]}"


def too_long(path: Path, tree: ast.Module, lines: int) -> Iterator[str]:
    """Yield the module and those of its functions that are too long."""
    if lines > MAX_MODULE:
        yield f"{path}: {lines} lines, {MAX_MODULE} are the most"
    for node in ast.walk(tree):
        if isinstance(node, _FUNCTIONS):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION:
                yield f"{path}:{node.lineno}: {node.name} has {length} lines, {MAX_FUNCTION} are the most"


def runs(tree: ast.Module) -> bool:
    """Tell whether a module has a function that does something; data and interfaces have none."""
    return any(
        isinstance(node, _FUNCTIONS) and any(not _is_constant(statement) for statement in node.body)
        for node in ast.walk(tree)
    )


def _is_constant(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def untested(modules: Set[str], tests: Set[str], excused: Set[str]) -> Iterator[str]:
    """Yield modules without a test file of their name; all are named from their root, without ``.py``."""
    for module in sorted(modules - excused):
        room, _, name = module.rpartition("/")
        test = f"tests/{room}/test_{name}.py" if room else f"tests/test_{name}.py"
        if test not in tests:
            yield f"src/bartizan/{module}.py: has no test; it belongs in {test}"


def unknown(modules: Set[str], tests: Set[str], excused: Set[str]) -> Iterator[str]:
    """Yield what the tables above name and is not there."""
    for module in sorted(excused - modules):
        yield f"scripts/check_layout.py: {module} is no module with something to test: take it out of the table"
    for test in sorted(RUN_THROUGH.keys() - tests):
        yield f"scripts/check_layout.py: {test} is not there"


def problems() -> Iterator[str]:
    """Yield what is wrong."""
    modules, tests = set(), set()
    for path in tracked():
        text = path.read_text(encoding="utf-8", errors="replace")
        if not path.name.endswith("check_layout.py"):  # this file and its test
            yield from of_one_machine(path, text)
        if path.suffix == ".py" and path.parts[0] == "tests":
            tests.add(path.as_posix())
        elif path.suffix == ".py" and path.parts[0] == "src":
            tree = ast.parse(text)
            yield from too_long(path, tree, len(text.splitlines()))
            if runs(tree):
                modules.add(path.relative_to("src/bartizan").with_suffix("").as_posix())
    excused = {module for row in (*RUN_THROUGH.values(), NO_TEST_YET) for module in row.split()}
    yield from untested(modules, tests, excused)
    yield from unknown(modules, tests, excused)


def main() -> int:
    """Print what is wrong; returns the exit status."""
    found = list(problems())
    for problem in found:
        print(problem)
    print(f"layout: {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
