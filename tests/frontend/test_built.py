"""What the build hands to browsers and to the letters."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
import typst
from pypdf import PdfReader

from tests.frontend.conftest import BUILT, ROOT

# name -> most bytes, and most bytes as they are sent (gzip)
SIZES = {
    "site.css": (165_000, 22_000),
    "site.js": (45_000, 14_000),
    "diagram.css": (36_000, 8_000),
    "diagram.js": (225_000, 66_000),
    "modeller.css": (56_000, 13_000),
    "modeller.js": (735_000, 215_000),
}


def read(manifest: dict[str, str], name: str) -> str:
    return (BUILT / manifest[name]).read_text()


def test_every_name_in_the_manifest_is_a_file_with_its_hash(manifest: dict[str, str]) -> None:
    assert {*SIZES, "favicon.svg"} <= set(manifest)
    for name, path in manifest.items():
        assert (BUILT / path).is_file()
        assert re.search(r"-[A-Z0-9]{8}\.[a-z0-9]+$", path), f"{name} cannot be cached for ever"


@pytest.mark.parametrize("name", ["site.css", "diagram.css"])
def test_styles_hold_nothing_that_belongs_to_the_government(
    manifest: dict[str, str], name: str
) -> None:
    styles = read(manifest, name).lower()
    for foreign in ("gds transport", "crown", "1d70b8", "govuk-header", "govuk-footer"):
        assert foreign not in re.sub(r"background-color:#1d70b8", "", styles), foreign


def test_the_own_colour_wins_where_the_library_still_has_its_blue(
    manifest: dict[str, str],
) -> None:
    styles = read(manifest, "site.css")
    blue = [rule for rule in re.findall(r"[^{}]+\{[^{}]*#1d70b8[^{}]*\}", styles)]
    assert all("govuk-file-upload-button__status" in rule for rule in blue)
    assert styles.rindex("govuk-file-upload-button__status{background:var(") > styles.rindex(
        "#1d70b8"
    )


@pytest.mark.parametrize("name", ["site.css", "diagram.css", "modeller.css"])
def test_styles_fetch_nothing_from_elsewhere(manifest: dict[str, str], name: str) -> None:
    addresses = re.findall(r"url\(\s*['\"]?([^'\")]+)", read(manifest, name))
    assert all(address.startswith(("./", "data:")) for address in addresses), addresses
    assert "@import" not in read(manifest, name)


@pytest.mark.parametrize("name", SIZES)
def test_a_page_stays_small(manifest: dict[str, str], name: str) -> None:
    content = (BUILT / manifest[name]).read_bytes()
    whole, sent = SIZES[name]
    assert len(content) <= whole
    assert len(gzip.compress(content, 9)) <= sent


def test_scripts_run_nothing_that_the_security_policy_refuses(manifest: dict[str, str]) -> None:
    for name in ("site.js", "diagram.js"):
        assert not re.search(r"\beval\(|new Function\(", read(manifest, name))


def test_the_licences_of_what_is_inside_are_beside_it() -> None:
    licences = (BUILT / "LICENCES.txt").read_text()
    for package in ("bpmn-js", "diagram-js", "govuk-frontend", "@ministryofjustice/frontend"):
        assert re.search(rf"^{package} \d", licences, re.MULTILINE), package
    assert "SIL OPEN FONT LICENSE" in licences
    assert "watermark" in licences  # of bpmn.io: it must stay visible


def test_letters_find_their_font_without_the_machine(tmp_path: Path) -> None:
    letter = (
        '#set text(font: "Source Sans 3")\nŵ #strong[bold] #emph[italic] #text(weight: 600)[semi]'
    )
    pdf = tmp_path / "letter.pdf"
    pdf.write_bytes(
        typst.compile(
            letter.encode(), font_paths=[BUILT / "letter-fonts"], ignore_system_fonts=True
        )
    )
    fonts = PdfReader(pdf).pages[0]["/Resources"]["/Font"]  # type: ignore[index]
    faces = {str(font["/BaseFont"]).partition("+")[2] for font in fonts.values()}
    assert faces == {f"SourceSans3-{face}" for face in ("Regular", "Bold", "Italic", "SemiBold")}


def test_no_lock_names_a_registry() -> None:
    lock = (ROOT / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert lock.count('"integrity"') > 30
    for name in ("requirements.txt", "requirements-dev.txt"):
        assert "://" not in (ROOT / name).read_text()
    settings = (ROOT / ".npmrc").read_text()
    assert "ignore-scripts=true" in settings
    assert "://" not in settings


def test_packages_for_checking_hold_all_that_run_with_the_same_versions() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^[a-z0-9_.-]+==\S+", (ROOT / name).read_text(), re.MULTILINE))

    assert pins("requirements.txt") <= pins("requirements-dev.txt")
