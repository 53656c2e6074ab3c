"""Records looked up, verified, amended and revoked."""

import copy
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.chassis import clock
from services.chassis.actor import Actor
from services.chassis.errors import Conflict, Denied, Invalid, NotFound, Refused
from services.registry.store import Wanted
from tests.unit.registry.builders import (
    CITIZEN,
    CODE,
    DATASET,
    DECIDED_AT,
    HOLDER,
    OFFICER,
    ORGANISATION,
    OTHER_CITIZEN,
    STRANGER,
    SYSTEM,
    Registry,
    request,
    withdrawn,
)

NUMBER = "1/2026/GP-VĐ"
ALL: dict[str, Any] = {"issued_from": None, "issued_to": None, "limit": 50, "after": None, "with_fields": ()}


@pytest.fixture
def registry() -> Registry:
    """registry with one record."""
    made = Registry().with_catalogue()
    assert made.issue() == NUMBER
    return made


def amend(registry: Registry, request_id: str, changes: dict[str, Any], actor: Actor = OFFICER) -> dict[str, Any]:
    """Amend the record."""
    cause = request(request_id, changes, actor)
    return registry.cases.records.amend(actor, cause, DATASET, NUMBER, changes, "Sửa theo đề nghị")


def revoke(registry: Registry, request_id: str = "r", actor: Actor = OFFICER) -> dict[str, Any]:
    """Revoke the record."""
    return registry.cases.records.revoke(actor, request(request_id, None, actor), DATASET, NUMBER, "Vi phạm")


def numbers(found: dict[str, Any]) -> list[str]:
    """The numbers found."""
    return [item["number"].partition("/")[0] for item in found["items"]]


def find(registry: Registry, actor: Actor = OFFICER, **filters: Any) -> dict[str, Any]:
    """Find records of the dataset."""
    return registry.cases.records.find_records(actor, DATASET, **{**ALL, **filters})


def test_those_concerned_read_the_whole_record(registry: Registry) -> None:
    for actor in (OFFICER, SYSTEM, CITIZEN):
        record = registry.cases.records.get_record(actor, DATASET, NUMBER)
        assert record["fields"]["title"] == "Tạp chí Mẫu"
        assert record["holder"]["id_number"] == HOLDER.id


def test_a_list_says_of_each_record_what_was_asked_for_and_nothing_more(registry: Registry) -> None:
    (line,) = find(registry, CITIZEN, with_fields=("title", "nothing_like_it"))["items"]
    assert line["fields"] == {"title": "Tạp chí Mẫu"}
    assert "fields" not in find(registry, CITIZEN)["items"][0]
    assert find(registry, OTHER_CITIZEN, with_fields=("title",))["items"] == []


def test_for_all_others_it_is_not_there(registry: Registry) -> None:
    for actor in (STRANGER, OTHER_CITIZEN, ORGANISATION, Actor("organisation", HOLDER.id)):
        for look in (registry.cases.records.get_record, registry.cases.records.history):
            with pytest.raises(NotFound) as hidden:
                look(actor, DATASET, NUMBER)
            with pytest.raises(NotFound) as absent:
                look(actor, DATASET, "999/2026/GP-VĐ")
            assert hidden.value.problem() == absent.value.problem()


@pytest.mark.parametrize("number", ["1/2026/GP-VD", "1/2026", "1/2026/GP-VĐ/", "1%2F2026%2FGP-VĐ", "01/2026/GP-VĐ"])
def test_a_number_is_taken_exactly(registry: Registry, number: str) -> None:
    with pytest.raises(NotFound):
        registry.cases.records.get_record(SYSTEM, DATASET, number)


ALIKE = [
    "1/2026/gp-vd",
    "1 / 2026 / GP – VĐ",
    "1/2026/GP−VD",
    "１/２０２６／ＧＰ－ＶĐ",
    " 1-2026.Gp vđ",
    "1/2026/GP-VĐ/",
]


@pytest.mark.parametrize("typed", ALIKE)
def test_a_licence_is_checked_by_its_number_however_that_is_typed(registry: Registry, typed: str) -> None:
    assert registry.cases.records.look_up(DATASET, typed) == registry.cases.records.look_up(DATASET, NUMBER)
    answer = registry.cases.records.verify(DATASET, typed, HOLDER.id)
    assert (answer["number"], answer["holder_matches"]) == (NUMBER, True)


@pytest.mark.parametrize("typed", ["12/026/GP-VĐ", "1/2026/GPVX", "2026/1/GP-VĐ", "1/2026", "/", "１"])
def test_a_number_that_reads_otherwise_is_not_taken_for_it(registry: Registry, typed: str) -> None:
    with pytest.raises(NotFound, match="unknown_record"):
        registry.cases.records.look_up(DATASET, typed)
    with pytest.raises(NotFound, match="unknown_record"):
        registry.cases.records.look_up("giayphep", NUMBER.lower())


def test_of_numbers_that_read_alike_the_exact_one_is_taken_else_all_are_named(registry: Registry) -> None:
    records = registry.records.journal.collection.documents
    twin = copy.deepcopy(records[f"{DATASET}/{NUMBER}"])
    twin["_id"], twin["state"]["number"] = f"{DATASET}/1/2026/GP-VD", "1/2026/GP-VD"
    records[twin["_id"]] = twin
    for exact in (NUMBER, "1/2026/GP-VD"):
        assert registry.cases.records.look_up(DATASET, exact)["number"] == exact
    with pytest.raises(Refused, match="several_records") as told:
        registry.cases.records.look_up(DATASET, "1/2026/gp-vd")
    assert f"1/2026/GP-VD, {NUMBER}" in told.value.vi


@pytest.mark.parametrize(
    ("holder", "same"),
    [
        ("nguyen thi dao mau", True),
        ("NGUYỄN THỊ ĐÀO MẪU", True),
        (HOLDER.id, True),
        ("Nguyễn Thị", False),
        ("001901000002", False),
    ],
)
def test_verification_compares_the_holder_and_never_tells_him(registry: Registry, holder: str, same: bool) -> None:
    answer = registry.cases.records.verify(DATASET, NUMBER, holder)
    assert answer == {
        "number": NUMBER,
        "valid": same,
        "status": "valid",
        "issued_at": DECIDED_AT,
        "expires_on": "2031-06-01",
        "revoked_at": None,
        "holder_matches": same,
    }


def test_verification_says_revoked_and_expired(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2031, 6, 1, 17, tzinfo=UTC))  # the next day in Vietnam
    answer = registry.cases.records.verify(DATASET, NUMBER, HOLDER.id)
    assert (answer["valid"], answer["status"], answer["holder_matches"]) == (False, "expired", True)
    revoke(registry)
    answer = registry.cases.records.verify(DATASET, NUMBER, HOLDER.id)
    assert (answer["valid"], answer["status"], answer["holder_matches"]) == (False, "revoked", True)
    assert answer["revoked_at"] == clock.now()
    assert registry.cases.records.look_up(DATASET, NUMBER)["revoked_at"] == clock.now()


def test_verification_of_an_unknown_number_says_so(registry: Registry) -> None:
    with pytest.raises(NotFound, match="unknown_record"):
        registry.cases.records.verify(DATASET, "2/2026/GP-VĐ", HOLDER.id)


def test_an_amendment_is_a_new_version_and_the_old_one_is_kept(registry: Registry) -> None:
    answer = amend(registry, "r1", {"years": 3})
    assert (answer["version"], answer["fields"]) == (2, {"title": "Tạp chí Mẫu", "years": 3})
    amend(registry, "r2", {"title": "Báo Mẫu", "years": 4})
    versions = registry.cases.records.history(OFFICER, DATASET, NUMBER)["versions"]
    assert [one["what"] for one in versions] == ["record_issued", "record_amended", "record_amended"]
    assert versions[1]["changed"] == [{"field": "years", "before": 2, "after": 3}]
    assert versions[1]["by"] == {"kind": "officer", "id": "cb-001", "unit": "cuc-vi-du"}
    assert versions[1]["reason"] == "Sửa theo đề nghị"
    assert [change["field"] for change in versions[2]["changed"]] == ["title", "years"]


def test_a_repeated_amendment_gives_the_answer_of_the_first_time(registry: Registry) -> None:
    first = amend(registry, "r1", {"years": 3})
    amend(registry, "r2", {"years": 4})
    assert amend(registry, "r1", {"years": 3}) == first
    with pytest.raises(Conflict, match="request_id_reused"):
        amend(registry, "r1", {"years": 9})


def test_two_officers_amending_at_once_make_two_versions_and_lose_nothing(registry: Registry) -> None:
    turns = iter(["first"])

    def meanwhile(name: str) -> None:
        if name == "records.bulk_write" and next(turns, None):
            amend(registry.sibling(), "other", {"title": "Báo Khác"})

    registry.step = meanwhile
    answer = amend(registry, "r1", {"years": 3})
    assert (answer["version"], answer["fields"]) == (3, {"title": "Báo Khác", "years": 3})
    versions = registry.cases.records.history(OFFICER, DATASET, NUMBER)["versions"]
    assert [[change["field"] for change in one["changed"]] for one in versions[1:]] == [["title"], ["years"]]


def test_an_amendment_overtaken_between_its_two_looks_is_a_conflict(registry: Registry) -> None:
    looks = iter(["first", "second"])

    def meanwhile(_name: str) -> None:
        if next(looks, None) == "second":
            amend(registry.sibling(), "other", {"title": "Báo Khác"})

    registry.cases.records.records.journal.memory.forget(f"{DATASET}/{NUMBER}")
    registry.step = meanwhile
    with pytest.raises(Conflict, match="amended_meanwhile"):
        amend(registry, "r1", {"years": 3})


def test_an_amendment_is_checked_and_its_author_too(registry: Registry) -> None:
    with pytest.raises(Invalid):
        amend(registry, "r1", {"years": 99})
    with pytest.raises(Refused, match="nothing_changed"):
        amend(registry, "r2", {"years": 2})
    with pytest.raises(Denied, match="other_unit"):
        amend(registry, "r3", {"years": 3}, STRANGER)
    with pytest.raises(Denied, match="officers_only"):
        amend(registry, "r4", {"years": 3}, CITIZEN)
    assert registry.cases.records.get_record(OFFICER, DATASET, NUMBER)["version"] == 1


def test_a_revoked_record_is_neither_amended_nor_revoked_again(registry: Registry) -> None:
    answer = revoke(registry)
    assert (answer["status"], answer["version"], answer["fields"]["years"]) == ("revoked", 2, 2)
    assert revoke(registry) == answer
    with pytest.raises(Refused, match="already_revoked"):
        revoke(registry, "again")
    with pytest.raises(Refused, match="already_revoked"):
        amend(registry, "r1", {"years": 3})
    version = registry.cases.records.history(OFFICER, DATASET, NUMBER)["versions"][1]
    assert (version["reason"], version["changed"]) == ("Vi phạm", [])


def test_a_withdrawal_after_a_revocation_changes_nothing(registry: Registry) -> None:
    revoke(registry)
    registry.cases.issuing.note_withdrawal(withdrawn())
    assert registry.cases.records.get_record(OFFICER, DATASET, NUMBER)["version"] == 2


def test_reasons_and_content_stand_in_no_event(registry: Registry) -> None:
    amend(registry, "r1", {"title": "Báo Kín"})
    revoke(registry)
    told = str([one["history"] for one in registry.collections["records"].documents.values()])
    assert all(secret not in told for secret in ("Báo Kín", "Sửa theo đề nghị", "Vi phạm"))


def test_an_unknown_record_is_not_amended(registry: Registry) -> None:
    with pytest.raises(NotFound, match="unknown_record"):
        registry.cases.records.amend(OFFICER, request("r"), DATASET, "9/2026/GP-VĐ", {"years": 3}, "x")


@pytest.fixture
def several() -> Registry:
    """registry with five records, a day apart; the second revoked."""
    made = Registry().with_catalogue()
    for day in range(5):
        made.issue(f"D-{day}", decided_at=DECIDED_AT + timedelta(days=day))
    made.cases.records.revoke(OFFICER, request("r"), DATASET, "2/2026/GP-VĐ", "Vi phạm")
    return made


def test_records_are_listed_newest_first_page_by_page(several: Registry) -> None:
    pages, after = [], None
    while True:
        page = find(several, limit=2, after=after)
        pages.append(numbers(page))
        after = page["next"]
        if after is None:
            break
    assert pages == [["5", "4"], ["3", "2"], ["1"]]


def test_records_are_found_by_status_days_and_holder(several: Registry) -> None:
    assert numbers(find(several, status="revoked")) == ["2"]
    assert numbers(find(several, status="valid")) == ["5", "4", "3", "1"]
    assert numbers(find(several, issued_from=date(2026, 6, 2), issued_to=date(2026, 6, 3))) == ["3", "2"]
    assert len(numbers(find(several, holder="nguyễn thị đào mẫu"))) == 5
    assert len(numbers(find(several, holder=HOLDER.id))) == 5
    assert numbers(find(several, holder="Nguyễn Thị")) == []


def test_expired_records_are_found_as_such(several: Registry) -> None:
    def found(status: str) -> list[str]:
        wanted = Wanted(DATASET, date(2031, 6, 3), status=status)
        return [one.state.number.partition("/")[0] for one in several.records.find(wanted, 50, None)[0]]

    assert found("expired") == ["1"]
    assert found("valid") == ["5", "4", "3"]
    assert found("revoked") == ["2"]


def test_of_expired_records_those_that_expired_last_come_first_page_by_page(several: Registry) -> None:
    for number, expires_on in (("1", "2031-06-01"), ("3", "2031-05-01"), ("4", "2031-06-01"), ("5", "2031-06-03")):
        several.collections["records"].documents[f"{DATASET}/{number}/2026/GP-VĐ"]["state"]["expires_on"] = expires_on
    wanted, pages, after = Wanted(DATASET, date(2031, 6, 3), status="expired"), [], None
    while True:
        found, after = several.records.find(wanted, 1, after)
        pages.append([one.state.number.partition("/")[0] for one in found])
        if after is None:
            break
    assert pages == [["4"], ["1"], ["3"]]


def test_a_prefix_lists_in_order_of_the_number(several: Registry) -> None:
    first = find(several, number_prefix="", limit=3)
    second = find(several, number_prefix="", limit=3, after=first["next"])
    assert (numbers(first), numbers(second)) == (["1", "2", "3"], ["4", "5"])
    assert numbers(find(several, number_prefix="4/2026")) == ["4"]
    assert numbers(find(several, number_prefix="4/2027")) == []


def test_everybody_finds_only_what_he_may_see(several: Registry) -> None:
    assert len(numbers(find(several, CITIZEN))) == 5
    assert len(numbers(find(several, SYSTEM))) == 5
    for actor in (STRANGER, OTHER_CITIZEN, ORGANISATION, Actor("organisation", HOLDER.id)):
        assert numbers(find(several, actor)) == []
        assert numbers(find(several, actor, holder=HOLDER.id)) == []


@pytest.mark.parametrize("after", ["x", "bnVsbA==", "WzFd", "W10=", "WyIxIiwyLDNd", "eyJhIjoxfQ==", "ZGF5"])
def test_a_page_that_was_never_given_is_refused(several: Registry, after: str) -> None:
    with pytest.raises(Invalid) as caught:
        find(several, after=after)
    assert caught.value.errors[0]["field"] == "after"


def test_an_erased_holder_is_nobody(registry: Registry) -> None:
    document = registry.collections["records"].documents[f"{DATASET}/{NUMBER}"]
    document["subject"] = {}
    assert registry.cases.records.get_record(OFFICER, DATASET, NUMBER)["fields"] == {}
    assert registry.cases.records.verify(DATASET, NUMBER, HOLDER.id)["holder_matches"] is False
    with pytest.raises(NotFound):
        registry.cases.records.get_record(CITIZEN, DATASET, NUMBER)


def test_the_code_of_the_dossier_finds_its_record(registry: Registry) -> None:
    stored = registry.records.of_dossier(CODE)
    assert stored is not None
    assert stored.state.number == NUMBER
