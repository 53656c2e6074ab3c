"""The templates: data files, checked when they are loaded, rendered in a sandbox with nothing in it.

`templates/<audience>/<moment>.<version>.<vi|en>.txt` is a line `Subject: …`, an empty line, and the body. The highest
version of a moment is used. `templates/letter.txt` and `letter.html` are the frame around both languages, Vietnamese
first. A template may name its declared variables and test them with `if`; there is nothing else it could do: no call,
no attribute, no filter, no loop, no include. What citizens and officers wrote is data, never a template.
"""

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2 import Template as Compiled
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.notify.moments import MOMENTS, Moment
from services.notify.wording import LANGUAGES, Told, one_line, procedure

FOLDER: Final = Path(__file__).parent / "templates"
_FILE = re.compile(r"(?P<moment>[a-z_]+)\.(?P<version>[1-9][0-9]{0,3})\.(?P<language>vi|en)\.txt")
_HEAD = re.compile(r"Subject: (?P<subject>[^\n]+)\n\n(?P<body>.+)", re.DOTALL)
_ALLOWED: Final = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.If)
_IN_SUBJECT: Final = frozenset({"code"})  # what a post office shows to anybody
_IN_FRAME: Final = frozenset(
    {"name", "subject"} | {f"{part}_{language}" for part in ("body", "procedure") for language in LANGUAGES}
)


class BadTemplate(ValueError):
    """A template file cannot be used; the message names it and says why."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A letter in words: one subject line, the same content as text and as HTML."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class _Words:
    subject: Compiled
    body: Compiled


class Templates:
    """All templates of one folder, checked. Raises BadTemplate when made."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._versions = {key: _newest(folder / key[0], moment) for key, moment in MOMENTS.items()}
        _refuse_strangers(folder)
        self._words = {
            (key, language): _words(_path(folder, key, version, language), MOMENTS[key])
            for key, version in self._versions.items()
            for language in LANGUAGES
        }
        self._text = compile_text((folder / "letter.txt").read_text("utf-8"), _IN_FRAME, "letter.txt")
        self._html = compile_text((folder / "letter.html").read_text("utf-8"), _IN_FRAME, "letter.html", html=True)

    def version(self, moment: Moment) -> int:
        """The version of a moment's templates that is in use."""
        return self._versions[moment.audience, moment.name]

    def render(self, moment: Moment, told: Told, name: str) -> Rendered:
        """The letter to `name`, in both languages."""
        said = {language: self._say(moment, told, language) for language in LANGUAGES}
        subject = " / ".join(said[language][0] for language in LANGUAGES)
        frame = {"name": one_line(name), "subject": subject}
        for language in LANGUAGES:
            frame[f"body_{language}"] = said[language][1]
            frame[f"procedure_{language}"] = procedure(told, language)
        return Rendered(subject, self._text.render(frame), self._html.render(frame))

    def _say(self, moment: Moment, told: Told, language: str) -> tuple[str, str]:
        words = self._words[(moment.audience, moment.name), language]
        values = {name: value(told, language) for name, value in moment.variables.items()}
        return one_line(words.subject.render(values)), words.body.render(values).strip()


def compile_text(source: str, allowed: AbstractSet[str], where: str, *, html: bool = False) -> Compiled:
    """A template that may name `allowed` and nothing else. Raises BadTemplate."""
    environment = _environment(html=html)
    try:
        tree = environment.parse(source)
    except TemplateSyntaxError as error:
        raise BadTemplate(f"{where}:{error.lineno}: {error.message}") from None
    for node in tree.find_all(nodes.Node):
        if type(node) not in _ALLOWED:
            raise BadTemplate(f"{where}:{node.lineno}: {type(node).__name__} is not allowed in a template")
    if unknown := {name.name for name in tree.find_all(nodes.Name)} - allowed:
        raise BadTemplate(f"{where}: unknown variable {', '.join(sorted(unknown))}")
    return environment.from_string(source)


def _environment(*, html: bool) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=html, keep_trailing_newline=True)
    for extra in (environment.globals, environment.filters, environment.tests):
        extra.clear()
    return environment


def _words(path: Path, moment: Moment) -> _Words:
    parts = _HEAD.fullmatch(path.read_text("utf-8"))
    if parts is None:
        raise BadTemplate(f"{path.name}: begins with a line `Subject: …` and an empty line")
    subject = compile_text(parts["subject"], _IN_SUBJECT & moment.variables.keys(), f"{path.name} subject")
    return _Words(subject, compile_text(parts["body"], moment.variables.keys(), path.name))


def _newest(folder: Path, moment: Moment) -> int:
    found = [name for name in _names(folder) if name["moment"] == moment.name]
    by_language = {
        language: {int(name["version"]) for name in found if name["language"] == language} for language in LANGUAGES
    }
    if not found or by_language["vi"] != by_language["en"]:
        raise BadTemplate(f"{moment.audience}/{moment.name}: every version is there in Vietnamese and in English")
    return max(by_language["vi"])


def _refuse_strangers(folder: Path) -> None:
    for audience in sorted({audience for audience, _ in MOMENTS}):
        for name in _names(folder / audience):
            if (audience, name["moment"]) not in MOMENTS:
                raise BadTemplate(f"{audience}/{name.string}: there is no such moment")


def _names(folder: Path) -> Iterator["re.Match[str]"]:
    for path in sorted(folder.iterdir()):
        name = _FILE.fullmatch(path.name)
        if name is None:
            raise BadTemplate(f"{folder.name}/{path.name}: is not <moment>.<version>.<vi|en>.txt")
        yield name


def _path(folder: Path, key: tuple[str, str], version: int, language: str) -> Path:
    audience, name = key
    return folder / audience / f"{name}.{version}.{language}.txt"
