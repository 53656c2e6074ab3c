"""Every template file works, says what the law's wording asks, and can do nothing else."""

import shutil
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from services.notify.moments import MOMENTS, Moment, told_by
from services.notify.templates import FOLDER, BadTemplate, Rendered, Templates, compile_text
from services.notify.wording import Told
from tests.unit.notify.builders import AT, CASE, CODE, DOSSIER, LATER, PROCEDURE, SAMPLES, UNIT, heard, told

TEMPLATES = Templates()
SOURCES = {path.relative_to(FOLDER).as_posix(): path.read_text("utf-8") for path in sorted(FOLDER.rglob("*.*"))}
NAME = "Nguyễn Thị Mẫu"


def rendered(key: str, audience: str = "applicant", about: Told | None = None) -> Rendered:
    """The letter that a sample event makes."""
    [moment] = [moment for moment in told_by(heard(key)) if moment.audience == audience]
    return TEMPLATES.render(moment, about or told(key), NAME)


WORDING = {
    "dossier_submitted": f"Hồ sơ {CODE} đã được gửi thành công lúc 09:05 15/01/2026. "
    "Cơ quan sẽ phản hồi trong 08 giờ làm việc.",
    "case_accepted": f"Hồ sơ {CODE} đã được tiếp nhận. Ngày hẹn trả kết quả: 22/01/2026.",
    "supplement_requested": f"Hồ sơ {CODE} cần bổ sung: Bản khai: Ký lại bản khai; Tên miền: Viết rõ. "
    "Đề nghị Ông/Bà hoàn thiện trước ngày 22/01/2026.",
    "fee_requested": f"Hồ sơ {CODE} phát sinh phí, lệ phí: 1.550.000 đồng. "
    "Vui lòng thanh toán trực tuyến trước 22/01/2026.",
    "receipt_issued": f"Đã ghi nhận thanh toán 1.550.000 đồng cho hồ sơ {CODE}.",
    "case_rejected": f"Hồ sơ {CODE} không được tiếp nhận. Lý do: Không thuộc thẩm quyền.",
    "case_transferred": f"Hồ sơ {CODE} đã được chuyển từ Cục Báo chí sang Trung tâm Internet Việt Nam. Lý do: "
    "hồ sơ không thuộc thẩm quyền giải quyết của đơn vị đã nhận: Thuộc lĩnh vực báo chí.",
    "dossier_resolved:granted": f"Hồ sơ {CODE} đã có kết quả. Mời Ông/Bà nhận tại Bộ phận Một cửa, "
    "Trung tâm Internet Việt Nam / trên Cổng dịch vụ công.",
}


@pytest.mark.parametrize("key", WORDING)
def test_the_vietnamese_wording_is_the_one_citizens_expect(key: str) -> None:
    assert WORDING[key] in rendered(key).text.splitlines()


def test_the_apology_names_agency_reason_and_new_date_where_they_are_known() -> None:
    about = Told(
        heard("deadline_slipped:decision"),
        DOSSIER,
        UNIT,
        PROCEDURE,
        type(CASE)(reasons={"slipped": "phải xin ý kiến."}, due_at=LATER),
    )
    apology = rendered("deadline_slipped:decision", about=about).text
    assert (
        f"Trung tâm Internet Việt Nam xin lỗi Ông/Bà vì hồ sơ {CODE} chưa giải quyết đúng hạn "
        "do phải xin ý kiến. Ngày hẹn trả mới: 22/01/2026."
    ) in apology.splitlines()


def test_the_apology_does_not_invent_a_reason_or_a_date() -> None:
    about = Told(heard("deadline_slipped:decision", due_at=LATER), DOSSIER, UNIT, PROCEDURE, CASE)
    text = rendered("deadline_slipped:decision", about=about).text
    assert f"xin lỗi Ông/Bà vì hồ sơ {CODE} chưa giải quyết đúng hạn." in text
    assert "Ngày hẹn trả mới" not in text


@pytest.mark.parametrize(("key", "moment"), [(key, moment) for key in SAMPLES for moment in told_by(heard(key))])
def test_every_letter_is_whole_in_both_languages(key: str, moment: Moment) -> None:
    letter = TEMPLATES.render(moment, told(key), NAME)
    assert letter.subject.count(CODE) == 1
    assert letter.text.index("Kính gửi: ") < letter.text.index("To: ")
    assert letter.text.count(CODE) == letter.html.count(CODE) - 1 == 2  # once more in the page's title
    assert "Đăng ký tên miền" in letter.text
    assert "Registration of a domain" in letter.text
    for part in (letter.subject, letter.text, letter.html):
        assert "{{" not in part
        assert "None" not in part


@pytest.mark.parametrize("where", SOURCES)
def test_every_template_file_names_only_its_declared_variables(where: str) -> None:
    audience, _, file = where.rpartition("/")
    frame = {"name", "subject", "body_vi", "body_en", "procedure_vi", "procedure_en"}
    allowed = set(MOMENTS[audience, file.split(".")[0]].variables) if audience else frame
    compiled = compile_text(SOURCES[where], allowed, where)
    assert compiled.render(dict.fromkeys(allowed, "x"))


def test_a_missing_value_is_an_error_not_a_gap() -> None:
    compiled = compile_text("Hồ sơ {{ code }}", {"code"}, "x")
    with pytest.raises(UndefinedError):
        compiled.render({})


@pytest.mark.parametrize(
    "source",
    [
        "{{ secret }}",
        "{{ code.__class__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ code['x'] }}",
        "{{ code() }}",
        "{{ range(1000000000) }}",
        "{{ code|upper }}",
        "{{ code * 1000000000 }}",
        "{% for x in code %}{{ x }}{% endfor %}",
        "{% include 'letter.txt' %}",
        "{% import 'letter.txt' as letter %}",
        "{% from 'letter.txt' import x %}",
        "{% extends 'letter.txt' %}",
        "{% macro m() %}{% endmacro %}",
        "{% set code = 1 %}",
        "{% if code == 'x' %}{% endif %}",
        "{{ self }}",
        "{{ loop }}",
        "{{ code",
        "{% raise %}",
    ],
)
def test_a_template_can_do_nothing_but_name_its_variables(source: str) -> None:
    with pytest.raises(BadTemplate):
        compile_text(source, {"code"}, "x")


def test_what_an_officer_writes_is_data_in_text_and_in_html() -> None:
    nasty = "<script>x</script> {{ code }} {% include 'a' %}"
    case = type(CASE)(reasons={"rejected": nasty})
    letter = rendered("case_rejected", about=Told(heard("case_rejected"), DOSSIER, UNIT, PROCEDURE, case))
    assert f"Lý do: {nasty}." in letter.text
    assert "<script>" not in letter.html
    assert "&lt;script&gt;" in letter.html


def test_a_name_with_line_breaks_stays_on_its_line() -> None:
    [moment, _] = told_by(heard("dossier_submitted"))
    letter = TEMPLATES.render(moment, told("dossier_submitted"), "Nguyễn\r\nBcc: x@example.vn")
    assert "Kính gửi: Nguyễn Bcc: x@example.vn" in letter.text.splitlines()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(FOLDER, tmp_path / "templates")


def test_the_highest_version_is_used(folder: Path) -> None:
    for language in ("vi", "en"):
        (folder / "unit" / f"paid.10.{language}.txt").write_text("Subject: Mới {{ code }}\n\nMới.\n", "utf-8")
        (folder / "unit" / f"paid.9.{language}.txt").write_text("Subject: Cũ {{ code }}\n\nCũ.\n", "utf-8")
    templates, moment = Templates(folder), MOMENTS["unit", "paid"]
    assert templates.version(moment) == 10
    assert templates.render(moment, told("receipt_issued"), NAME).subject == f"Mới {CODE} / Mới {CODE}"


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("unit/paid.2.vi.txt", "Subject: x\n\ny", "in Vietnamese and in English"),
        ("unit/unheard.1.vi.txt", "Subject: x\n\ny", "no such moment"),
        ("unit/paid.vi.txt", "Subject: x\n\ny", "is not <moment>"),
        ("unit/paid.1.vi.txt", "Đã trả.", "begins with a line"),
        ("unit/paid.1.vi.txt", "Subject: {{ amount }}\n\ny", "unknown variable amount"),
        ("unit/paid.1.vi.txt", "Subject: x\n\n{{ reason }}", "unknown variable reason"),
    ],
)
def test_a_wrong_file_is_refused_at_the_start(folder: Path, name: str, content: str, complaint: str) -> None:
    (folder / name).write_text(content, "utf-8")
    with pytest.raises(BadTemplate, match=complaint):
        Templates(folder)


def test_a_moment_without_a_template_is_refused_at_the_start(folder: Path) -> None:
    for path in (folder / "unit").glob("paid.*"):
        path.unlink()
    with pytest.raises(BadTemplate, match="unit/paid"):
        Templates(folder)


def test_a_component_the_catalogue_does_not_know_stands_for_itself() -> None:
    bare = Told(
        heard("supplement_requested", components=["TP01", "TP77"]), DOSSIER, UNIT, PROCEDURE, type(CASE)(due_at=AT)
    )
    text = rendered("supplement_requested", about=bare).text
    assert "cần bổ sung: Bản khai; TP77." in text
    assert "Lý do" not in text
