"""Every mistake of a catalogue is said with its file, its line and its path, and never hides the others."""

import shutil
from pathlib import Path

import pytest

from services.contracts.catalogue.example_checks import example_is_valid
from services.contracts.catalogue.form_schema import LETTERS, TYPES
from services.contracts.catalogue.loading import load
from services.contracts.catalogue.parts import MARKS
from services.contracts.catalogue.procedure import FILE_TYPES, RESULT_KINDS

from .conftest import PROCEDURE, ROOT, SMALL, Spoil

TP01 = "{code: TP01, name: {vi: Đơn, en: Application}, need: required}"
FEE = SMALL[PROCEDURE].partition("fees:\n")[2].partition("\n")[0]


def line_of(text: str, file: str = PROCEDURE) -> int:
    """The line of the small catalogue on which the text stands."""
    return SMALL[file].partition(text)[0].count("\n") + 1


def test_a_catalogue_without_mistakes_gives_its_documents_with_every_default(small: Path) -> None:
    loaded = load(small)
    assert loaded.mistakes == ()
    assert [document.kind for document in loaded.documents] == ["dataset", "procedure", "tenant", "unit", "calendar"]
    body = loaded.of_kind("procedure", "demo")[0].body
    assert body["components"][0]["max_bytes"] == 10 * 1024 * 1024
    assert body["valid_to"] is None
    assert body["superseded_note"] is None
    assert loaded.of_kind("procedure", "other") == ()


RULE = "field: urgent, equals: true}}\ncomponents"
SINCE = "valid_from: 2026-01-01\nname"
PAGES = "required: true, min: 1, max: 100}"
RECORD = "record_fields: {title: title}"
KEPT = "result.record_fields"
PAPERS = "documents: [{component: TP01}, {component: TP03}]"
LIMIT = "{kind: working_days, days: 5}"
LEAP = "{kind: batch, windows: [{apply_before: 02-29, due: 01-01}]}"
PRICED = "basis: per_unit, quantity_field: pages, amount_vnd: 1000"
LOW = "{up_to: 99, amount_vnd: 1}"
OPEN = "{up_to: null, amount_vnd: 1}"
CHARGE = "name: {vi: Phí, en: Charge}}"
URGENT = "type: flag\n"
BOUND = "type: choice\n    choices: [{{value: a, label: {{vi: A, en: A}}, only_if: {{{}}}}}]\n"
ONLY_IF = "form.2.choices.0.only_if"
KNOWN = "{{vi: Tên, en: Title}}, required: true, known_from: {{{}}}}}"
TITLE = "{vi: Tên, en: Title}, required: true}"
SPOILT = [
    (TITLE, KNOWN.format("dataset: giay-khac, field: title"), "form.0.known_from.dataset", "no such dataset"),
    (TITLE, KNOWN.format("dataset: giay-phep, field: name"), "form.0.known_from.field", "no such field"),
    (TITLE, KNOWN.format("dataset: giay-phep"), "form.0.known_from.field", "Give field, or number"),
    (
        TITLE,
        KNOWN.format("dataset: giay-phep, field: title, number: true"),
        "form.0.known_from.field",
        "Give field, or",
    ),
    (URGENT, "type: flag\n    known_from: {dataset: giay-phep, number: true}\n", "form.2.known_from", "do not fit"),
    (URGENT, "type: flag\n    known_from: {dataset: giay-phep, field: title}\n", "form.2.known_from", "do not fit"),
    (URGENT, BOUND.format("field: name, shortest: 2"), f"{ONLY_IF}.field", "no such field"),
    (URGENT, BOUND.format("field: pages, shortest: 2"), f"{ONLY_IF}.field", "can be looked at"),
    (URGENT, BOUND.format("field: reason, shortest: 2"), f"{ONLY_IF}.field", "always be required"),
    (URGENT, BOUND.format("field: title, shortest: 301"), f"{ONLY_IF}.shortest", "never that long"),
    (URGENT, BOUND.format("field: title, shortest: 3, longest: 2"), f"{ONLY_IF}.longest", "is the lower"),
    (URGENT, BOUND.format("field: title, letters: latin"), f"{ONLY_IF}.letters", "one of"),
    (URGENT, BOUND.format("field: title"), ONLY_IF, "shortest, longest or letters"),
    ("level: 4", "level: 5", "level", "at most 4"),
    ("level: 4", "level: four", "level", "whole number"),
    ("mode: full", "mode: full\nmodus: x", "modus", "no such field"),
    ("unit: cuc-vi-du", "unit: cuc-khac", "unit", "no such unit"),
    ("dataset: giay-phep", "dataset: giay-khac", "result.dataset", "no such dataset"),
    ("marks: {name: unsure}", "marks: {name: sure}", "marks.name", "one of"),
    (SINCE, "valid_from: 2026-02-30\nname", "valid_from", "real date"),
    (SINCE, "valid_from: 2026-01-01\nvalid_to: 2025-01-01\nname", "valid_to", "ends before"),
    ("key: gp-vi-du", "key: gp-khac", "key", "file's name"),
    (RULE, RULE.replace("urgent", "hurry"), "form.3.required_if.field", "no such field"),
    (RULE, RULE.replace("urgent", "title"), "form.3.required_if.field", "can decide"),
    (RULE, RULE.replace("true", "1"), "form.3.required_if.equals", "cannot have"),
    (RULE, RULE.replace(", equals: true", ""), "form.3.required_if", "exactly one"),
    ("group: founding}\n  - {code: TP04", "group: alone}\n  - {code: TP04", "components.2.group", "only one"),
    ("need: one_of, group: founding}\ntime", "need: one_of}\ntime", "components.3.group", "Is required"),
    ("code: TP04", "code: TP03", "components", "Appears twice"),
    ("quantity_field: pages", "quantity_field: leaves", "fees.0.quantity_field", "no such field"),
    ("quantity_field: pages", "quantity_field: title", "fees.0.quantity_field", "number or a table"),
    (PAGES, "required: true, max: 100}", "fees.0.quantity_field", "1 or more"),
    (PAGES, "min: 1, max: 100}", "fees.0.quantity_field", "must be required"),
    (PAGES, "required: true, min: 1}", "fees.0.quantity_field", "add max"),
    (PAGES, "required: true, min: 1, max: 1000000001}", "fees.0.quantity_field", "costs more than can be asked for"),
    ("amount_vnd: 1000,", "amount_vnd: 1000000000001,", "fees.0.amount_vnd", "at most 1000000000000"),
    (CHARGE, "name: {vi: Phí, en: " + "x" * 301 + "}}", "fees.0.name.en", "At most 300"),
    (CHARGE, 'name: {vi: "Phí\\nkhác", en: Charge}}', "fees.0.name.vi", "control characters"),
    ("{vi: Đơn, en: Application}", '{vi: "Đơn\\n2", en: Application}', "components.0.name.vi", "control characters"),
    (PAGES, "required: true, min: 5, max: 1}", "form.1.max", "is the lower"),
    (PAGES, "required: true, min: today}", "form.1.min", "does not fit"),
    ("basis: per_unit", "basis: flat", "fees.0.quantity_field", "not for flat"),
    ("amount_vnd: 1000,", "", "fees.0.amount_vnd", "required for per_unit"),
    ("amount_vnd: 1000,", "amount_vnd: -1,", "fees.0.amount_vnd", "at least 0"),
    (FEE, f"{FEE}\n{FEE}", "fees.1.valid_from", "twice at the same time"),
    (FEE, f"{FEE}\n{FEE.replace('valid_from: 2026', 'valid_from: 2027')}", "fees.1.valid_from", "twice at the same"),
    (FEE, f"{FEE}\n{FEE.replace('valid_from: 2026', 'valid_from: 2025')}", "fees.1.valid_from", "twice at the same"),
    (PRICED, f"basis: tiered, quantity_field: pages, tiers: [{LOW}]", "fees.0.tiers", "beyond the last tier"),
    (PRICED, f"basis: tiered, quantity_field: pages, tiers: [{OPEN}, {LOW}]", "fees.0.tiers", "must rise"),
    (PRICED, f"basis: tiered, quantity_field: pages, tiers: [{LOW}, {LOW}, {OPEN}]", "fees.0.tiers", "must rise"),
    ("type: flag\n", "type: flag\n    required_if: {field: pages, equals: 1}\n", "form.2.required_if", "no condition"),
    (RECORD, "record_fields: {}", KEPT, "required field"),
    (RECORD, "record_fields: {title: pages}", f"{KEPT}.title", "do not fit"),
    (RECORD, "record_fields: {title: reason}", f"{KEPT}.title", "may be missing"),
    (RECORD, "record_fields: {title: title, x: title}", f"{KEPT}.x", "dataset has no"),
    ("pages: 3", "pages: 0", "example.form.pages", "at least 1"),
    ("title: Ví dụ, ", "", "example.form.title", "Is required"),
    ("kind: organisation, name", "kind: citizen, name", "example.applicant.id_number", "Is required"),
    ('tax_code: "9900000016"', 'tax_code: "9900000017"', "example.applicant.tax_code", "check digit"),
    (PAPERS, "documents: [{component: TP01}]", "example.documents", "Decision; Registration"),
    (LIMIT, "{kind: batch, days: 5}", "time_limit.windows", "required for batch"),
    (LIMIT, LEAP, "time_limit.windows.0.apply_before", "02-29"),
    ("type: flag", "type: flags", "form.2.type", "one of"),
    ("type: flag", "type: flag\n    longest: 5", "form.2.longest", "flag field does not"),
    ("type: flag", "type: choice", "form.2.choices", "needs this"),
]


@pytest.mark.parametrize(("old", "new", "path", "en"), SPOILT)
def test_a_mistake_is_found_at_its_path_and_line(spoil: Spoil, old: str, new: str, path: str, en: str) -> None:
    found = [mistake for mistake in spoil(old, new) if mistake.path == path]
    assert found, path
    assert en in found[0].en
    assert found[0].vi
    assert found[0].file == PROCEDURE
    assert f"{PROCEDURE}:{found[0].line}: {path}" in str(found[0])


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("level: 4", "level: 5", line_of("level: 4")),
        ("type: flag", "type: flags", line_of("type: flag")),
        ("quantity_field: pages", "quantity_field: leaves", line_of("quantity_field")),
        ("pages: 3", "pages: 0", line_of("pages: 3")),
        ("mode: full", "mode: full\nlevel: 4", line_of("mode: full") + 1),
        ("mode: full", "mode: [full", line_of("mode: full") + 1),
        ("mode: full", "mode: &a full", None),
        ("mode: full", "mode: *a", line_of("mode: full")),
        ("mode: full", "mode: !!python/name:os.system full", line_of("mode: full")),
        (TP01, "just text", line_of(TP01)),
    ],
)
def test_the_line_is_the_one_to_mend(spoil: Spoil, old: str, new: str, line: int | None) -> None:
    assert [mistake.line for mistake in spoil(old, new)][:1] == ([line] if line else [])


def test_several_mistakes_in_several_files_are_all_said(small: Path, spoil: Spoil) -> None:
    spoil("level: 4", "level: 5")
    spoil('number_pattern: "{seq}/{year}/GP-VD"', 'number_pattern: "{seq}/GP-VD"', "demo/datasets.yaml")
    found = spoil("agency_code: 000.00.01.G99", "agency_code: G99", "demo/units.yaml")
    assert [(mistake.file, mistake.path) for mistake in found] == [
        ("demo/datasets.yaml", "number_pattern"),
        (PROCEDURE, "level"),
        ("demo/units.yaml", "agency_code"),
    ]


def test_versions_of_one_key_may_follow_each_other_and_not_overlap(small: Path) -> None:
    path = small / PROCEDURE
    later = SMALL[PROCEDURE].replace("valid_from: 2026-01-01\nname", "valid_from: 2026-06-01\nname")
    path.write_text(f"{SMALL[PROCEDURE]}---\n{later}", "utf-8")
    assert {mistake.path for mistake in load(small).mistakes} == {"valid_from"}
    ended = SMALL[PROCEDURE].replace(
        "valid_from: 2026-01-01\nname", "valid_from: 2026-01-01\nvalid_to: 2026-05-31\nname"
    )
    path.write_text(f"{ended}---\n{later}", "utf-8")
    assert load(small).mistakes == ()
    assert len(load(small).of_kind("procedure")) == 2


IN_RECORD = "fields.0.known_from"
EXCHANGE = ("in_exchange_for: 2026-08-31", "in_exchange_for: 2026-08-30", "makeup_workdays.0.in_exchange_for")


@pytest.mark.parametrize(
    ("file", "old", "new", "path"),
    [
        ("demo/units.yaml", "calendar: vn", "calendar: us", "calendar"),
        ("demo/units.yaml", "calendar: vn", "calendar: vn\noffice_hours: never", "office_hours"),
        ("demo/units.yaml", "tenant: demo", "tenant: other", "tenant"),
        ("vn/calendar.yaml", "- {date: 2026-01-01", "- {date: 2025-01-01", "holidays.0.date"),
        ("vn/calendar.yaml", "- {date: 2026-01-01", "- {date: 2026-08-22", "makeup_workdays.0.date"),
        ("vn/calendar.yaml", *EXCHANGE),
        ("vn/calendar.yaml", 'closes: "12:00"', 'closes: "07:00"', "office_hours.0.windows"),
        ("vn/calendar.yaml", 'closes: "12:00"', 'closes: "24:00"', "office_hours.0.windows.0.closes"),
        ("demo/datasets.yaml", "key: giay-phep", "key: Giấy phép", "key"),
        ("demo/datasets.yaml", "en: Title}", "en: Title}, known_from: {dataset: giay-phep, field: title}", IN_RECORD),
        ("demo/tenant.yaml", "kind: tenant", "kind: ministry", "kind"),
    ],
)
def test_units_calendars_and_datasets_are_checked_too(spoil: Spoil, file: str, old: str, new: str, path: str) -> None:
    assert path in {mistake.path for mistake in spoil(old, new, file) if mistake.file == file}


@pytest.mark.parametrize(
    ("until", "of_procedure", "is_good"),
    [
        ("2026-12-31", "2026-12-31", True),
        ("null", "null", True),
        ("2026-12-31", "null", False),
        ("2026-12-30", "2026-12-31", False),
    ],
)
@pytest.mark.parametrize(("needed", "path"), [("demo/units.yaml", "unit"), ("demo/datasets.yaml", "result.dataset")])
def test_a_unit_and_a_dataset_last_as_long_as_their_procedures(
    small: Path, needed: str, path: str, until: str, of_procedure: str, is_good: bool
) -> None:
    for file, day in ((needed, until), (PROCEDURE, of_procedure)):
        text = SMALL[file].replace("valid_from: 2026-01-01\n", f"valid_from: 2026-01-01\nvalid_to: {day}\n", 1)
        (small / file).write_text(text, "utf-8")
    found = [(mistake.file, mistake.path) for mistake in load(small).mistakes]
    assert found == ([] if is_good else [(PROCEDURE, path)])


def test_a_procedure_goes_on_under_the_next_version_of_its_unit(small: Path) -> None:
    unit = SMALL["demo/units.yaml"]
    first = unit.replace("2026-01-01\n", "2026-01-01\nvalid_to: 2026-05-31\n")
    (small / "demo/units.yaml").write_text(f"{first}---\n{unit.replace('2026-01-01', '2026-06-01')}", "utf-8")
    assert load(small).mistakes == ()
    (small / "demo/units.yaml").write_text(f"{first}---\n{unit.replace('2026-01-01', '2026-06-02')}", "utf-8")
    assert [mistake.path for mistake in load(small).mistakes] == ["unit"]


def test_two_units_may_not_share_the_code_that_numbers_their_dossiers(small: Path) -> None:
    text = SMALL["demo/units.yaml"]
    (small / "demo/units.yaml").write_text(f"{text}---\n{text.replace('key: cuc-vi-du', 'key: cuc-hai')}", "utf-8")
    assert [mistake.path for mistake in load(small).mistakes] == ["agency_code", "agency_code"]


def test_a_dataset_belongs_to_one_ministry_and_a_document_to_its_folder(small: Path) -> None:
    (small / "other").mkdir()
    other = {name: SMALL[f"demo/{name}.yaml"].replace("demo", "other") for name in ("tenant", "datasets")}
    for name, text in other.items():
        (small / f"other/{name}.yaml").write_text(text, "utf-8")
    assert [mistake.path for mistake in load(small).mistakes] == ["key", "key"]
    (small / "other/datasets.yaml").write_text(SMALL["vn/calendar.yaml"].replace("key: vn", "key: us"), "utf-8")
    assert [(mistake.file, mistake.en) for mistake in load(small).mistakes] == [
        ("other/datasets.yaml", "Must be in the folder vn/.")
    ]


def test_a_unit_belongs_to_one_ministry_for_its_officers_are_known_by_its_key_alone(small: Path) -> None:
    (small / "other").mkdir()
    changes = {"tenant": "demo", "units": "000.00.01.G99"}
    for name, old in changes.items():
        text = SMALL[f"demo/{name}.yaml"].replace(old, old.replace("demo", "other").replace(".01.", ".02."))
        (small / f"other/{name}.yaml").write_text(text.replace("tenant: demo", "tenant: other"), "utf-8")
    found = load(small).mistakes
    assert [(mistake.file, mistake.path) for mistake in found] == [
        ("demo/units.yaml", "key"),
        ("other/units.yaml", "key"),
    ]
    assert found[0].en == "The key belongs to other."


def test_an_example_without_a_price_is_a_mistake(small: Path) -> None:
    (procedure,) = load(small).of_kind("procedure")
    fees = [{**procedure.body["fees"][0], "quantity_field": "leaves"}]
    assert [found.path for found in example_is_valid({**procedure.body, "fees": fees})] == ["example.form"]


def test_a_file_that_is_no_catalogue_file_is_named(small: Path) -> None:
    (small / "demo/notes.txt").write_text("x")
    (small / "demo/odd.yaml").write_bytes(b"\xff\xfe\x00")
    (small / "demo/list.yaml").write_text("- a\n")
    assert [mistake.file for mistake in load(small).mistakes] == ["demo/list.yaml", "demo/notes.txt", "demo/odd.yaml"]


def test_an_empty_folder_is_a_mistake_and_not_an_empty_catalogue(tmp_path: Path) -> None:
    assert [mistake.en for mistake in load(tmp_path).mistakes] == ["There is no catalogue here."]


def test_numbers_and_dates_are_never_guessed_from_text(small: Path, spoil: Spoil) -> None:
    assert spoil("reason, type: text", "reason, type: text, longest: 0912") != ()
    assert spoil("address: Hà Nội", "address: 001801000001") == load(small).mistakes


def test_the_procedure_of_the_handbook_works_as_it_stands(tmp_path: Path) -> None:
    handbook = (ROOT / "docs/catalogue.md").read_text("utf-8")
    example = handbook.partition("```yaml\n")[2].partition("```")[0]
    shutil.copytree(ROOT / "catalogue", tmp_path, dirs_exist_ok=True)
    (tmp_path / "mic/procedures/gp-phu-truong-2.yaml").write_text(example, "utf-8")
    loaded = load(tmp_path)
    assert loaded.mistakes == ()
    assert "gp-phu-truong-2" in {document.key for document in loaded.of_kind("procedure", "mic")}


@pytest.mark.parametrize("words", [TYPES, LETTERS, RESULT_KINDS, MARKS, FILE_TYPES])
def test_the_handbook_names_every_word_of_the_language(words: tuple[str, ...]) -> None:
    handbook = (ROOT / "docs/catalogue.md").read_text("utf-8")
    assert [word for word in words if word not in handbook] == []
