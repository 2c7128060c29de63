"""Releases of the OWASP Core Rule Set: checking and unpacking archives, installing what is in them."""

from bartizan.perimeter.waf.release.archive import read_archive, unpack
from bartizan.perimeter.waf.release.check import check_digest, check_signature
from bartizan.perimeter.waf.release.errors import ReleaseError
from bartizan.perimeter.waf.release.install import Installed, install

__all__ = ["Installed", "ReleaseError", "check_digest", "check_signature", "install", "read_archive", "unpack"]
