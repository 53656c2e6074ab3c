"""Publishing the catalogue, and looking things up in it."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from services.chassis import clock
from services.chassis.errors import Conflict, Denied, Invalid, NotFound
from services.registry.folder import publish_folder
from tests.unit.registry.builders import (
    CHARGED,
    CITIZEN,
    CODE,
    DATASET,
    FREE,
    OFFICER,
    SYSTEM,
    TENANT,
    UNIT,
    Registry,
    announced,
    documents,
    fee,
    procedure,
    request,
)

DAY = date(2026, 6, 1)
MORNING = datetime(2026, 6, 9, 17, tzinfo=UTC)  # in Vietnam it is the 10th
YESTERDAY, TODAY, TOMORROW = (f"2026-06-{day:02}" for day in (9, 10, 11))
Change = Callable[[dict[str, Any]], Any]


@pytest.fixture
def registry() -> Registry:
    """registry with the small catalogue."""
    return Registry().with_catalogue()


def of_kind(kind: str) -> dict[str, Any]:
    """The first document of a kind."""
    return next(one for one in documents() if one["kind"] == kind)


def problems(registry: Registry, *published: dict[str, Any], tenant: str = TENANT) -> list[tuple[str, str]]:
    """Which document and field is at fault; nothing may have been published."""
    before = registry.publications.everything()
    with pytest.raises(Invalid) as caught:
        registry.publish(tenant, *published)
    assert registry.publications.everything() == before
    assert all(one["vi"] and one["en"] and one["code"] for one in caught.value.errors)
    return [(one["document"], one["field"]) for one in caught.value.errors]


def test_only_the_system_publishes(registry: Registry) -> None:
    for actor in (OFFICER, CITIZEN):
        with pytest.raises(Denied, match="system_only"):
            registry.cases.catalogue.publish_catalogue(actor, request("r"), TENANT, [], republish=False)


def test_unchanged_documents_publish_nothing(registry: Registry) -> None:
    answer = registry.publish(TENANT, of_kind("unit"), of_kind("tenant"))
    assert answer["published"] == 0
    assert {item["revision"] for item in answer["items"]} == {1}


def test_a_new_content_is_a_new_revision_and_the_event_carries_it_whole(registry: Registry) -> None:
    renamed = {**of_kind("unit"), "name": {"vi": "Cục Mới", "en": "New"}}
    answer = registry.publish(TENANT, renamed)
    name = f"demo/unit/{UNIT}@2026-01-01"
    assert answer == {"published": 1, "items": [{"name": name, "revision": 2, "published": True}]}
    data = registry.publications.journal.history(name)[-1]["data"]
    assert data["document"]["name"]["vi"] == "Cục Mới"
    assert data["document"]["office_hours"] == "standard"  # defaults are written out
    assert (data["name"], data["revision"], data["valid_to"]) == (name, 2, None)


def test_republishing_says_the_same_content_again_as_a_later_revision(registry: Registry) -> None:
    assert registry.publish(TENANT, of_kind("unit"), republish=True)["items"][0]["revision"] == 2


def test_a_repeated_request_hears_the_same_answer_and_does_not_undo_what_came_between(registry: Registry) -> None:
    first, second = of_kind("unit"), {**of_kind("unit"), "name": {"vi": "Cục Mới", "en": "New"}}
    cause = request("same", "content")
    args: dict[str, Any] = {"tenant": TENANT, "documents": [_loaded(first)], "republish": False}
    answer = registry.cases.catalogue.publish_catalogue(SYSTEM, cause, **args)
    registry.publish(TENANT, second)
    assert registry.cases.catalogue.publish_catalogue(SYSTEM, cause, **args) == answer
    assert registry.cases.catalogue.get_document("unit", TENANT, UNIT, DAY)["name"]["vi"] == "Cục Mới"
    with pytest.raises(Conflict, match="request_id_reused"):
        registry.cases.catalogue.publish_catalogue(SYSTEM, request("same", "other"), **args)


def _loaded(document: dict[str, Any]) -> dict[str, Any]:
    return {**announced(document), "valid_from": date.fromisoformat(document["valid_from"])}


def test_one_wrong_document_keeps_all_others_back_and_is_named(registry: Registry) -> None:
    good = {**of_kind("unit"), "name": {"vi": "Cục Mới", "en": "New"}}
    wrong = {**procedure("gp-moi"), "level": 9, "unknown": 1}
    name = "demo/procedure/gp-moi@2026-01-01"
    fields = {"documents.1.document.level", "documents.1.document.unknown"}
    assert set(problems(registry, good, wrong)) == {(name, field) for field in fields}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"unit": "cuc-khac"}, "unit"),
        ({"result": {**procedure("x")["result"], "dataset": "khac"}}, "result.dataset"),
        ({"result": {**procedure("x")["result"], "record_fields": {"title": "nothing"}}}, "result.record_fields.title"),
        ({"fees": [{**fee("on_submission"), "applies_if": {"field": "no", "equals": 1}}]}, "fees.0.applies_if.field"),
        ({"example": {**procedure("x")["example"], "form": {}}}, "example.form.title"),
    ],
)
def test_what_does_not_agree_with_the_published_rest_is_refused(
    registry: Registry, changes: dict[str, Any], field: str
) -> None:
    found = problems(registry, {**procedure("gp-moi"), **changes})
    assert ("demo/procedure/gp-moi@2026-01-01", f"documents.0.document.{field}") in found


def test_a_version_may_not_overlap_another_unless_that_is_ended_in_the_same_request(registry: Registry) -> None:
    newer = {**of_kind("unit"), "valid_from": "2026-07-01"}
    assert problems(registry, newer) == [(f"demo/unit/{UNIT}@2026-07-01", "documents.0.document.valid_from")]
    ended = {**of_kind("unit"), "valid_to": "2026-06-30"}
    assert registry.publish(TENANT, ended, newer)["published"] == 2


def test_a_document_that_would_break_a_published_one_is_refused_naming_that_one(registry: Registry) -> None:
    dataset = of_kind("dataset")
    broken = {**dataset, "fields": [{**field, "name": f"{field['name']}_x"} for field in dataset["fields"]]}
    assert (f"demo/procedure/{FREE}@2026-01-01", "result.record_fields.title") in problems(registry, broken)


@pytest.mark.parametrize(
    "fees", [[], [fee("on_acceptance")], [fee("before_result"), {**fee("on_submission"), "code": "P-2"}]]
)
def test_a_version_that_has_begun_keeps_the_moments_at_which_fees_fall_due(
    registry: Registry, fees: list[dict[str, Any]]
) -> None:
    field = ("demo/procedure/gp-co-phi@2026-01-01", "documents.0.document.fees")
    assert problems(registry, procedure(CHARGED, fees=fees)) == [field]
    ended = procedure(CHARGED, fees=[fee("before_result")], valid_to="2026-06-30")
    assert registry.publish(TENANT, ended, procedure(CHARGED, fees=fees, valid_from="2026-07-01"))["published"] == 2


@pytest.mark.parametrize(
    "fees",
    [
        [{**fee("before_result"), "amount_vnd": 200_000}],
        [{**fee("before_result"), "refundable": True}],
        [{**fee("before_result"), "valid_to": YESTERDAY}],
        [{**fee("before_result"), "code": "P-2"}],
        [fee("before_result"), {**fee("before_result"), "code": "P-2"}],
        [
            {**fee("before_result"), "valid_to": YESTERDAY},
            {**fee("before_result"), "valid_from": TODAY, "amount_vnd": 200_000},
        ],
    ],
)
def test_a_version_that_has_begun_keeps_its_prices_of_every_day_until_today(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, fees: list[dict[str, Any]]
) -> None:
    monkeypatch.setattr(clock, "now", lambda: MORNING)
    with pytest.raises(Invalid) as caught:
        registry.publish(TENANT, procedure(CHARGED, fees=fees))
    assert [(one["code"], one["field"]) for one in caught.value.errors] == [
        ("fee_in_force_changed", "documents.0.document.fees")
    ]
    assert "P-" in caught.value.errors[0]["vi"]


def test_a_price_of_tomorrow_may_be_added_to_a_version_that_has_begun_and_be_mended_until_then(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: MORNING)
    worded = {**fee("before_result"), "name": {"vi": "Phí khác", "en": "Other"}, "source": "TT 2", "mark": "known"}
    coming = {**fee("before_result"), "valid_from": TOMORROW, "amount_vnd": 200_000}
    for fees in (
        [worded],
        [{**worded, "valid_to": TODAY}, coming],
        [{**worded, "valid_to": TODAY}, {**coming, "amount_vnd": 300_000}],
        [worded],
    ):
        assert registry.publish(TENANT, procedure(CHARGED, fees=fees))["published"] == 1


def test_a_version_that_has_not_begun_may_still_ask_for_fees_at_other_moments(registry: Registry) -> None:
    coming = {"valid_from": "2999-01-01"}
    registry.publish(TENANT, procedure(CHARGED, fees=[fee("before_result")], valid_to="2998-12-31"))
    registry.publish(TENANT, procedure(CHARGED, fees=[fee("before_result")], **coming))
    assert registry.publish(TENANT, procedure(CHARGED, fees=[fee("on_acceptance")], **coming))["published"] == 1


def test_a_document_must_be_what_it_is_announced_as(registry: Registry) -> None:
    unit = of_kind("unit")
    stated = {**_loaded(unit), "key": "cuc-khac"}
    with pytest.raises(Invalid) as caught:
        registry.cases.catalogue.publish_catalogue(SYSTEM, request("r"), TENANT, [stated], republish=False)
    assert "documents.0.document.key" in [one["field"] for one in caught.value.errors]


def test_a_document_of_another_tenant_is_refused(registry: Registry) -> None:
    place = "documents.0.document.tenant"
    assert problems(registry, of_kind("unit"), tenant="khac") == [(f"khac/unit/{UNIT}@2026-01-01", place)]
    assert problems(registry, of_kind("calendar")) == [("demo/calendar/vn@2026-01-01", place)]
    assert problems(registry, of_kind("tenant"), tenant="vn") == [("vn/tenant/demo@2026-01-01", place)]


def test_a_document_twice_in_one_request_is_refused(registry: Registry) -> None:
    fields = [field for _, field in problems(registry, of_kind("unit"), of_kind("unit"))]
    assert fields == ["documents.0.document.key", "documents.1.document.key"]


def test_a_document_too_large_for_an_event_is_refused(registry: Registry) -> None:
    note = {"vi": "ă" * 2000, "en": "a" * 2000}
    rows = [{"date": f"2026-{i // 28 + 1:02}-{i % 28 + 1:02}", "name": note, "mark": "known"} for i in range(60)]
    found = problems(registry, {**of_kind("calendar"), "holidays": rows}, tenant="vn")
    assert found == [("vn/calendar/vn@2026-01-01", "documents.0.document")]


def test_a_dataset_key_belongs_to_one_tenant(registry: Registry) -> None:
    registry.publish("other", {**of_kind("tenant"), "key": "other"})
    dataset = {**of_kind("dataset"), "tenant": "other", "fields": of_kind("dataset")["fields"]}
    assert problems(registry, dataset, tenant="other") == [
        (f"other/dataset/{DATASET}@2026-01-01", "documents.0.document.key")
    ]


def test_look_ups_answer_as_of_a_day(registry: Registry) -> None:
    newer = {**of_kind("unit"), "valid_from": "2026-07-01", "name": {"vi": "Cục Mới", "en": "New"}}
    registry.publish(TENANT, {**of_kind("unit"), "valid_to": "2026-06-30"}, newer)
    look_up = registry.cases.catalogue.get_document
    assert look_up("unit", TENANT, UNIT, date(2026, 6, 30))["name"]["vi"] == "Ví dụ"
    assert look_up("unit", TENANT, UNIT, date(2026, 7, 1))["name"]["vi"] == "Cục Mới"
    with pytest.raises(NotFound, match="unknown_unit"):
        look_up("unit", TENANT, UNIT, date(2025, 12, 31))
    with pytest.raises(NotFound, match="unknown_procedure"):
        look_up("procedure", TENANT, "gp-nao", DAY)


def test_what_has_ended_is_told_as_it_last_was_to_whoever_asks_for_that(registry: Registry) -> None:
    first = {**of_kind("unit"), "key": "cuc-cu", "agency_code": "000.00.02.G99", "valid_to": "2026-02-28"}
    later = {**first, "valid_from": "2026-09-01", "valid_to": None}
    registry.publish(TENANT, first, later)
    cases = registry.cases.catalogue
    with pytest.raises(NotFound, match="unknown_unit"):
        cases.get_document("unit", TENANT, "cuc-cu", DAY)
    told = cases.get_document("unit", TENANT, "cuc-cu", DAY, standing=True)
    assert (told["valid_from"], told["valid_to"]) == ("2026-01-01", "2026-02-28")
    found = registry.publications.standing(TENANT, "unit", "cuc-cu", DAY)
    assert found is not None
    assert found.valid_from == "2026-01-01"
    with pytest.raises(NotFound, match="unknown_unit"):
        cases.get_document("unit", TENANT, "cuc-cu", date(2025, 12, 31), standing=True)
    before = registry.publications.standing(TENANT, "unit", "cuc-cu", date(2025, 12, 31))
    assert before is not None


def test_a_ministry_and_a_dataset_are_looked_up_as_of_a_day(registry: Registry) -> None:
    cases = registry.cases.catalogue
    assert cases.get_tenant(TENANT, DAY)["key"] == TENANT
    assert cases.get_document("dataset", TENANT, DATASET, DAY)["fields"]
    with pytest.raises(NotFound, match="unknown_tenant"):
        cases.get_tenant(TENANT, date(2025, 12, 31))
    with pytest.raises(NotFound, match="unknown_dataset"):
        cases.get_document("dataset", "nobody", DATASET, DAY)


def test_procedures_are_listed_in_short_page_by_page(registry: Registry) -> None:
    first = registry.cases.catalogue.list_procedures(TENANT, DAY, 1, None)
    second = registry.cases.catalogue.list_procedures(TENANT, DAY, 1, first["next"])
    keys = [item["key"] for item in (*first["items"], *second["items"])]
    assert keys == ["gp-co-phi", "gp-khong-phi"]
    assert second["next"] is None
    assert [item["has_fee"] for item in (*first["items"], *second["items"])] == [True, False]
    assert registry.cases.catalogue.list_procedures(TENANT, date(2025, 1, 1), 50, None)["items"] == []
    with pytest.raises(NotFound, match="unknown_tenant"):
        registry.cases.catalogue.list_procedures("nobody", DAY, 50, None)


def test_tenants_are_listed(registry: Registry) -> None:
    listed = registry.cases.catalogue.list_tenants(DAY, 50, None)
    assert listed == {"items": [{"key": TENANT, "name": {"vi": "Ví dụ", "en": "Example"}}], "next": None}


def test_a_publication_equals_the_fold_of_its_history(registry: Registry) -> None:
    registry.publish(TENANT, of_kind("unit"), republish=True)
    for one in registry.publications.everything():
        assert registry.publications.journal.fold(registry.publications.journal.history(one.name)) == one


def written(folder: Path, *changes: Change) -> Path:
    """The small catalogue as a folder."""
    for document in documents():
        for change in changes:
            change(document)
        owner = {"calendar": "vn"}.get(document["kind"], TENANT)
        inner = "procedures" if document["kind"] == "procedure" else "."
        path = folder / owner / inner / f"{document['key']}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    return folder


def test_a_folder_is_published_once_however_many_processes_start(tmp_path: Path) -> None:
    registry, folder = Registry(), written(tmp_path)
    for _ in range(3):
        publish_folder(registry.cases.catalogue, folder)
    assert {one.revision for one in registry.publications.everything()} == {1}
    assert len(registry.publications.everything()) == len(documents())


def test_processes_that_start_at_the_same_moment_publish_once(tmp_path: Path) -> None:
    registry, folder, turns = Registry(), written(tmp_path), iter(["first"])

    def meanwhile(name: str) -> None:
        if name == "publications.bulk_write" and next(turns, None):
            publish_folder(registry.sibling().cases.catalogue, folder)

    registry.step = meanwhile
    publish_folder(registry.cases.catalogue, folder)
    assert next(turns, None) is None
    assert {one.revision for one in registry.publications.everything()} == {1}


def rename(name: str) -> Change:
    """The unit under another name."""

    def change(document: dict[str, Any]) -> None:
        if document["kind"] == "unit":
            document["name"] = {"vi": name, "en": name}

    return change


def units_name(registry: Registry) -> str:
    """What the published unit is called."""
    [unit] = [one for one in registry.publications.everything() if one.kind == "unit"]
    return str(unit.document["name"]["en"])


def test_a_folder_of_earlier_days_takes_nothing_back_and_brings_what_is_new(tmp_path: Path) -> None:
    registry, old, new = Registry(), written(tmp_path / "old"), written(tmp_path / "new", rename("Newer"))
    for folder in (old, new, old):
        publish_folder(registry.cases.catalogue, folder)
    assert units_name(registry) == "Newer"
    more = procedure("gp-moi")
    (old / TENANT / "procedures" / "gp-moi.yaml").write_text(json.dumps(more, ensure_ascii=False), "utf-8")
    publish_folder(registry.sibling().cases.catalogue, old)
    assert units_name(registry) == "Newer"
    assert "gp-moi" in {one.key for one in registry.publications.everything()}
    publish_folder(registry.cases.catalogue, written(tmp_path / "newest", rename("Newest")))
    assert units_name(registry) == "Newest"


def test_what_was_published_before_its_schema_had_a_default_is_published_with_it_and_not_taken_for_newer(
    tmp_path: Path,
) -> None:
    registry, folder = Registry(), written(tmp_path)
    publish_folder(registry.cases.catalogue, folder)
    name = f"{TENANT}/procedure/{CHARGED}@2026-01-01"
    stated = next(one for one in documents() if one.get("key") == CHARGED)
    kept = registry.collections["publications"].documents[name]
    (default, *_) = set(kept["state"]["document"]) - set(stated)
    for document in (kept["state"]["document"], kept["history"][0]["data"]["document"]):
        del document[default], document["fees"][0]["refundable"]
    for _ in range(2):
        publish_folder(registry.sibling().cases.catalogue, folder)
    revised = {one.name: one for one in registry.publications.everything() if one.revision > 1}
    assert set(revised) == {name}
    assert (revised[name].revision, default in revised[name].document) == (2, True)


def test_an_operator_takes_back_what_he_wants(tmp_path: Path) -> None:
    registry, new = Registry().with_catalogue(), written(tmp_path, rename("Newer"))
    publish_folder(registry.cases.catalogue, new)
    registry.publish(TENANT, of_kind("unit"))
    publish_folder(registry.cases.catalogue, new)
    assert units_name(registry) == "Example"


def test_a_folder_of_earlier_days_takes_nothing_back_that_comes_at_the_same_moment(tmp_path: Path) -> None:
    registry, old, new = Registry(), written(tmp_path / "old"), written(tmp_path / "new", rename("Newer"))
    publish_folder(registry.cases.catalogue, written(tmp_path / "first", rename("First")))
    turns = iter(["before the first write"])

    def meanwhile(name: str) -> None:
        if name == "publications.bulk_write" and next(turns, None):
            for folder in (old, new):
                publish_folder(registry.sibling().cases.catalogue, folder)

    registry.step = meanwhile
    with pytest.raises(Conflict, match="published_meanwhile"):
        publish_folder(registry.cases.catalogue, old)
    publish_folder(registry.cases.catalogue, old)  # as the process does a moment later
    assert units_name(registry) == "Newer"


def test_a_folder_with_a_mistake_publishes_nothing_and_what_was_published_is_still_served(tmp_path: Path) -> None:
    registry = Registry().with_catalogue()
    before = registry.publications.everything()

    def spoil(document: dict[str, Any]) -> None:
        document["name"] = {"vi": "Mới", "en": "New"} if document["kind"] != "dataset" else {}

    publish_folder(registry.cases.catalogue, written(tmp_path, spoil))
    assert registry.publications.everything() == before
    assert registry.issue(CODE)


def test_a_folder_that_does_not_fit_what_is_published_changes_nothing(tmp_path: Path) -> None:
    registry = Registry().with_catalogue()
    before = registry.publications.everything()

    def move(document: dict[str, Any]) -> None:
        if document["kind"] != "calendar":
            document["valid_from"] = "2026-02-01"

    publish_folder(registry.cases.catalogue, written(tmp_path, move))
    assert registry.publications.everything() == before
