"""Archives of rule sets, well made and not."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Mapping

__all__ = ["FILES", "tar", "targz", "zipped"]

_FIRST = """\
SecComponentSignature "OWASP_CRS/4.7.0"
SecAction "id:901001,phase:1,pass,nolog,ver:'OWASP_CRS/4.7.0'"
"""
FILES = {
    "rules/REQUEST-901-INITIALIZATION.conf": _FIRST,
    "rules/REQUEST-942-SQLI.conf": 'SecRule ARGS "@pmFromFile sql.data" "id:942100,phase:2,deny,log"\n',
    "rules/sql.data": "union\nselect\n",
    "rules/REQUEST-900-EXCLUSIONS.conf.example": "# yours\n",
    "crs-setup.conf.example": 'SecAction "id:900000,phase:1,pass,nolog,setvar:tx.crs_setup_version=470"\n',
    "plugins/empty-config.conf": "\n",
    "LICENSE": "Apache-2.0\n",
    "util/run.py": "print()\n",
    "tests/regression/rules/x.yaml": "tests:\n",
}
"""A small rule set, and files that are not part of it."""


def tar(files: Mapping[str, str | bytes], *others: tarfile.TarInfo, folder: str = "coreruleset-4.7.0/") -> bytes:
    """Return a tar file; ``others`` are members without content, with their names as they are."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as made:
        for name, text in files.items():
            data = text.encode() if isinstance(text, str) else text
            info = tarfile.TarInfo(folder + name)
            info.size = len(data)
            made.addfile(info, io.BytesIO(data))
        for other in others:
            made.addfile(other)
    return buffer.getvalue()


def targz(
    files: Mapping[str, str | bytes] = FILES, *others: tarfile.TarInfo, folder: str = "coreruleset-4.7.0/"
) -> bytes:
    """Return the same, compressed."""
    return gzip.compress(tar(files, *others, folder=folder), mtime=0)


def zipped(files: Mapping[str, str | bytes] = FILES, folder: str = "coreruleset-4.7.0/") -> bytes:
    """Return a zip file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in files.items():
            made.writestr(folder + name, text)
    return buffer.getvalue()
