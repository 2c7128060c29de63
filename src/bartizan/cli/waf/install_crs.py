"""``waf install-crs``: the OWASP Core Rule Set, from what was downloaded to where the gateway reads it."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import click

from bartizan.cli.options import config_option, load_config
from bartizan.config.model import Storage
from bartizan.config.rule_files import DEBIAN
from bartizan.errors import ConfigError
from bartizan.perimeter.waf.release import Installed, check_digest, check_signature, install, read_archive, unpack

__all__ = ["install_crs"]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("install-crs")
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, path_type=Path),
    metavar="ARCHIVE|DIR",
    help="A release as it was downloaded (tar.gz, zip), or a directory; absent: Debian's package.",
)
@click.option("--sha256", metavar="HEX", help="The archive's digest, from where the release was published.")
@click.option("--signature", type=_FILE, help="The archive's detached OpenPGP signature (.asc), with --key.")
@click.option("--key", type=_FILE, help="The public keys that may have signed it.")
@click.option("--insecure-no-check", "unchecked", is_flag=True, help="Install an archive without any check.")
@click.option(
    "--to", type=click.Path(path_type=Path, file_okay=False), help="Instead of crs/ in the storage directory."
)
@config_option()
def install_crs(
    source: Path | None,
    sha256: str | None,
    signature: Path | None,
    key: Path | None,
    to: Path | None,
    config_file: Path,
    *,
    unchecked: bool,
) -> None:
    """Install a release of the OWASP Core Rule Set below the storage directory, as crs/VERSION.

    Nothing is downloaded. An archive is installed only if its SHA-256 or its signature is right, then its members are
    checked, its rules read and compiled, and only then it is put in its place. crs-setup.conf.example becomes
    crs-setup.conf, which is yours to change.

    \b
    Example:
      bartizan waf install-crs --from coreruleset-4.19.0-minimal.tar.gz --sha256 9b1c...
    """  # noqa: D301 - the control character is what click looks for
    if (signature is None) != (key is None):
        raise click.UsageError("--signature and --key belong together")
    place = (_storage(config_file) / "crs" if to is None else to).absolute()
    if source is None:
        if not DEBIAN.is_dir():
            raise click.ClickException("name a release with --from, or install the Debian package modsecurity-crs")
        source = DEBIAN
    if source.is_dir():
        if sha256 is not None or signature is not None:
            raise click.UsageError("a directory has no digest and no signature: check the archive that it came from")
        _tell(install(source.absolute(), place))
        return
    archive = read_archive(source)
    _check(source, archive, sha256, signature, key, unchecked=unchecked)
    with tempfile.TemporaryDirectory(prefix="bartizan-crs-") as scratch:
        unpack(archive, Path(scratch))
        _tell(install(Path(scratch), place))


def _check(
    source: Path, archive: bytes, sha256: str | None, signature: Path | None, key: Path | None, *, unchecked: bool
) -> None:
    if sha256 is not None:
        check_digest(archive, sha256)
    if signature is not None and key is not None:
        fingerprint = check_signature(archive, signature, key)
        click.echo(f"signed by the key {fingerprint}", err=True)
    if sha256 is None and signature is None and not unchecked:
        raise click.ClickException(
            f"{source} is not checked: give its digest with --sha256, or {source.name}.asc with --signature and the "
            "project's public key with --key, both from where the release was published; --insecure-no-check goes "
            "without"
        )


def _storage(config_file: Path) -> Path:
    """Return the storage directory of a configuration; where there is none yet, the one it would have by default."""
    if not config_file.exists():
        return Path(Storage().directory)
    try:
        return Path(load_config(config_file).config.storage.directory)
    except ConfigError as error:
        # which it may be for want of the very rules that are to be installed
        raise click.ClickException(f"{error}\n{config_file} cannot be used yet: say where with --to DIR") from None


def _tell(installed: Installed) -> None:
    what = "installed" if installed.fresh else "there already, with the same rules"
    click.echo(f"OWASP CRS {installed.version} is {what}: {installed.rules} rules in {installed.directory}", err=True)
    click.echo("to use it, add to the configuration:", err=True)
    directory = json.dumps(str(installed.directory))
    click.echo(f"guards:\n  waf:\n    enabled: true\n    paranoia: 1\n    crs:\n      directory: {directory}")
