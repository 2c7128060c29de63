import stat
from pathlib import Path

from bartizan.decoy.contract import socket_path
from bartizan.decoy.listen import listen


def test_the_socket_is_for_this_user_alone(tmp_path: Path) -> None:
    with listen(tmp_path):
        path = socket_path(tmp_path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
