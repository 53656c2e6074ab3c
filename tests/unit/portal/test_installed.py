"""The portal as an app: what a device keeps is the same for everybody, and tells nobody who was there."""

import json
import re
import struct
from pathlib import Path
from typing import Any, Final

import pytest
from werkzeug.test import TestResponse

from services.portal import language
from services.portal.pages.installed import KEPT
from services.portal.people import Person
from tests.unit.portal.fakes import CITIZEN, OTHER, FakeServices, catalogue, procedure, visit

STATIC: Final = Path(str(language.__file__)).parent / "static"
COMMON: Final = ("/manifest.webmanifest", "/sw.js", "/ngoai-tuyen")


def page(at: str, person: Person | None = None) -> TestResponse:
    """An answer of the portal."""
    return visit(FakeServices(catalogue(procedure())), person).get(at)


def told(name: str, code: str) -> Any:
    """A constant that the service worker is told."""
    found = re.search(rf"^const {name} = (.*);$", code, re.MULTILINE)
    assert found, name
    return json.loads(found[1])


@pytest.mark.parametrize("at", COMMON)
def test_what_a_device_keeps_is_the_same_for_everybody_and_reads_no_session(at: str) -> None:
    nobody, somebody = page(at), page(at, CITIZEN)
    assert nobody.status_code == somebody.status_code == 200
    assert nobody.data == somebody.data
    assert "Set-Cookie" not in somebody.headers
    assert "Vary" not in somebody.headers
    assert nobody.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("at", COMMON)
def test_what_did_not_change_is_not_sent_again(at: str) -> None:
    browser = visit(FakeServices(catalogue(procedure())))
    again = browser.get(at, headers={"If-None-Match": browser.get(at).headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_the_manifest_names_the_app_with_icons_that_are_as_large_as_it_says() -> None:
    manifest = page("/manifest.webmanifest").get_json(force=True)
    assert (manifest["lang"], manifest["start_url"], manifest["scope"]) == ("vi", "/", "/")
    assert {one["purpose"] for one in manifest["icons"]} == {"any", "maskable"}
    for icon in manifest["icons"]:
        content = (STATIC / icon["src"].partition("?")[0].removeprefix("/static/")).read_bytes()
        width, height = struct.unpack(">II", content[16:24])
        assert icon["sizes"] == f"{width}x{height}"


def test_the_colours_of_the_app_are_tokens_of_the_design() -> None:
    css = (STATIC / "portal.css").read_text("utf-8")
    tokens = dict(re.findall(r"--([a-z-]+): var\(--light, (#[0-9a-f]{6})\)", css))
    manifest = page("/manifest.webmanifest").get_json(force=True)
    assert manifest["background_color"] == tokens["paper"]
    assert manifest["theme_color"] == tokens["brand"]


def test_the_service_worker_keeps_files_that_are_there_and_one_page() -> None:
    browser = visit(FakeServices(catalogue(procedure())))
    code = browser.get("/sw.js").text
    files = told("FILES", code)
    assert [one.partition("?")[0] for one in files] == [f"/static/{name}" for name in KEPT]
    assert len(files) == 8, "docs/portal.md says how many a device keeps"
    assert all("?v=" in one and browser.get(one).status_code == 200 for one in files)
    assert told("OFFLINE", code) == "/ngoai-tuyen"
    assert 'credentials: "omit"' in code
    assert set(re.findall(r"(?:place|caches|cache)\.(put|addAll|add)\(", code)) == {"put"}
    assert code.count(".put(") == 1


def test_every_file_of_the_offline_page_is_kept() -> None:
    wanted = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page("/ngoai-tuyen").text))
    assert wanted
    assert wanted <= set(told("FILES", page("/sw.js").text))


def test_the_offline_page_speaks_both_languages() -> None:
    text = page("/ngoai-tuyen").text
    assert "Chưa có kết nối mạng" in text
    assert "There is no connection" in text


def test_a_page_stands_for_its_person_without_telling_who_it_is() -> None:
    def mark(person: Person) -> str:
        found = re.search(r'<html [^>]*data-whose="([0-9a-f]{16})"', page("/", person).text)
        assert found
        return found[1]

    assert mark(CITIZEN) == mark(CITIZEN) != mark(OTHER)
    assert "data-whose" not in page("/").text


def test_who_signed_out_by_a_form_is_named_no_more() -> None:
    browser = visit(FakeServices(catalogue(procedure())), CITIZEN)
    browser.application.config["WTF_CSRF_ENABLED"] = True
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/").text)
    assert token
    left = browser.post("/dang-xuat", data={"csrf_token": token[1]}).text
    assert 'action="/dang-xuat"' not in left
    assert CITIZEN.name not in left
    assert "data-whose" not in left


def test_who_signs_out_leaves_nothing_on_the_device() -> None:
    left = visit(FakeServices(catalogue(procedure())), CITIZEN).post("/dang-xuat")
    assert left.headers["Clear-Site-Data"] == '"storage"'
    assert re.search(r"<html [^>]*data-left", left.text)
    assert "device.js" in left.text


def test_every_page_names_the_manifest() -> None:
    assert '<link rel="manifest" href="/manifest.webmanifest">' in page("/").text
