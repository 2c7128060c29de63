from __future__ import annotations

import subprocess
import sys

import pytest

from bartizan.detection.attack import name_of, technique


def test_techniques_have_names() -> None:
    assert name_of("T1595") == "Active Scanning"
    assert name_of("T1595.003") == "Active Scanning: Wordlist Scanning"


def test_a_technique_knows_its_tactics_and_its_page() -> None:
    found = technique("T1190")
    assert found is not None
    assert found.tactics == ("initial-access",)
    assert found.url == "https://attack.mitre.org/techniques/T1190"


@pytest.mark.parametrize("uid", ["", "T0", "T9999.001", "no technique" * 100])
def test_what_attack_does_not_know_has_no_name(uid: str) -> None:
    assert name_of(uid) is None


def test_an_edge_process_does_not_load_the_data() -> None:
    code = (
        "import sys; import bartizan.edge.guards, bartizan.edge.records, bartizan.detection.catalogue; "
        "assert not [name for name in sys.modules if 'attack_stix' in name]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
