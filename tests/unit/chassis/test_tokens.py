"""A token says who acts if, and only if, a known key that may say so signed it for this system, not long ago."""

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws

from services.chassis import tokens
from services.chassis.actor import KINDS, Actor
from services.chassis.errors import Denied
from services.chassis.keys import BadKey, make, public_set, read_private, read_public
from services.chassis.tokens import LONGEST, MOST_SECONDS, TYPE, Issuer, Verifier
from tests.keys import Ring

CITIZEN = Actor("citizen", "001801000001")
OFFICER = Actor("officer", "cb-001", "vnnic")
HEAD = Actor("officer", "cb-002", "vnnic", "sign transfer")
SYSTEM = Actor("system", "payment")
PAD = "="
PEOPLE = ("citizen", "organisation", "officer", "operator")
START = datetime(2026, 6, 1, 8, tzinfo=UTC)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    def go(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def ring() -> Ring:
    """The portal's key and the services'."""
    return Ring(portal=PEOPLE, services=("system",))


@pytest.fixture
def clock() -> Clock:
    """What both ends see."""
    return Clock()


@pytest.fixture
def verifier(ring: Ring, clock: Clock) -> Verifier:
    """A service."""
    return Verifier(ring.public, now=clock)


@pytest.fixture
def portal(ring: Ring, clock: Clock) -> Issuer:
    """Who logs people in."""
    return ring.issuer("portal", clock)


def refusal(verifier: Verifier, token: Any) -> str:
    """The code under which a token is refused, explained in both languages."""
    with pytest.raises(Denied) as caught:
        verifier.read(token)
    assert caught.value.en != caught.value.vi
    return caught.value.code


def b64(value: Any) -> str:
    """As it stands in a token."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def signed(ring: Ring, header: Any = None, /, *, holder: str = "portal", **claims: Any) -> str:
    """A token with a good signature of `holder` over whatever a test wants to say; None leaves a claim out."""
    key = read_private(ring.private(holder))
    issued = int(START.timestamp())
    usual = {"iss": holder, "aud": "motcua", "sub": CITIZEN.id, "kind": "citizen", "iat": issued, "exp": issued + 300}
    stated = {name: value for name, value in {**usual, **claims}.items() if value is not None}
    protected = {"alg": "Ed25519", "kid": key.id, "typ": TYPE, **(header or {})}
    return jws.serialize_compact(protected, json.dumps(stated), key.jwk, algorithms=["Ed25519"])


@pytest.mark.parametrize(
    "actor", [CITIZEN, OFFICER, Actor("organisation", "9900000016"), Actor("operator", "vh-1"), HEAD]
)
def test_who_was_issued_a_token_is_read_from_it(actor: Actor, portal: Issuer, verifier: Verifier) -> None:
    assert verifier.read(portal.issue(actor)) == actor
    assert verifier.read(portal.fresh(actor)) == actor


@given(st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=100))
def test_whatever_an_id_is_made_of_it_comes_back(id_: str) -> None:
    assert VERIFIER.read(ISSUER.issue(Actor("citizen", id_))) == Actor("citizen", id_)


RING = Ring(everybody=KINDS)
VERIFIER, ISSUER = Verifier(RING.public), RING.issuer("everybody")
GOOD = ISSUER.issue(OFFICER)


@given(st.integers(0, len(GOOD) - 1), st.sampled_from("ABCxyz019-_.=\n é{"))
def test_a_token_with_another_letter_in_it_is_another_token_or_none(place: int, letter: str) -> None:
    forged = f"{GOOD[:place]}{letter}{GOOD[place + 1 :]}"
    if forged != GOOD and not _same_bytes(forged, GOOD):
        assert refusal(VERIFIER, forged) in {"actor.malformed", "actor.untrusted"}


def _same_bytes(one: str, other: str) -> bool:
    """The last letter of a part holds bits that stand for nothing."""
    try:
        parts = [[base64.urlsafe_b64decode(part + "==") for part in text.split(".")] for text in (one, other)]
    except ValueError:
        return False
    return parts[0] == parts[1]


@given(st.one_of(st.text(max_size=300), st.binary(max_size=300), st.integers(), st.dictionaries(st.text(), st.text())))
def test_what_is_no_token_is_malformed_whatever_it_is(nonsense: Any) -> None:
    assert refusal(VERIFIER, nonsense) in {"actor.malformed", "actor.untrusted"}


@pytest.mark.parametrize(
    "plain", [{"kind": "citizen", "id": "1"}, {}, [], 5, True, b"x", '{"kind": "citizen", "id": "1"}', "", "a.b.c", "é"]
)
def test_a_plain_claim_is_refused(plain: Any, verifier: Verifier) -> None:
    assert refusal(verifier, plain) == "actor.malformed"


def test_no_token_at_all_is_told_apart(verifier: Verifier) -> None:
    assert refusal(verifier, None) == "actor.missing"


def test_a_token_of_a_stranger_is_untrusted_also_under_a_kid_that_is_known(
    ring: Ring, verifier: Verifier, clock: Clock
) -> None:
    stranger = Ring(portal=PEOPLE)
    assert refusal(verifier, stranger.issuer("portal", clock).issue(CITIZEN)) == "actor.untrusted"
    known = read_private(ring.private("portal")).id
    assert refusal(verifier, signed(stranger, {"kid": known})) == "actor.untrusted"


def test_a_signature_counts_for_what_was_signed_only(portal: Issuer, verifier: Verifier) -> None:
    header, _, signature = portal.issue(CITIZEN).split(".")
    issued = int(START.timestamp())
    claims = {"iss": "portal", "aud": "motcua", "sub": "001801000002", "kind": "citizen", "iat": issued}
    assert refusal(verifier, f"{header}.{b64({**claims, 'exp': issued + 300})}.{signature}") == "actor.untrusted"
    _, payload, _ = portal.issue(CITIZEN).split(".")
    assert refusal(verifier, f"{header}.{payload}.") in {"actor.malformed", "actor.untrusted"}


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256", "ES256", "EdDSA", "Ed448", "", 5, None, ["Ed25519"]])
def test_no_other_algorithm_is_followed(algorithm: Any, ring: Ring, verifier: Verifier, portal: Issuer) -> None:
    _, payload, signature = portal.issue(CITIZEN).split(".")
    header = b64({"alg": algorithm, "kid": read_private(ring.private("portal")).id, "typ": TYPE})
    for forged in (f"{header}.{payload}.", f"{header}.{payload}.{signature}"):
        assert refusal(verifier, forged) in {"actor.untrusted", "actor.malformed"}


def test_the_public_key_is_no_secret_to_sign_with(ring: Ring, verifier: Verifier) -> None:
    listed = json.loads(ring.public.read_text())["keys"][0]
    head = b64({"alg": "HS256", "kid": listed["kid"], "typ": TYPE})
    body = signed(ring).split(".")[1]
    secret = base64.urlsafe_b64decode(listed["x"] + "=")
    code = base64.urlsafe_b64encode(hmac.new(secret, f"{head}.{body}".encode(), hashlib.sha256).digest())
    assert refusal(verifier, f"{head}.{body}.{code.decode().rstrip(PAD)}") == "actor.untrusted"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({"typ": "JWT"}, "malformed"),
        ({"typ": None}, "malformed"),
        ({"kid": "another"}, "untrusted"),
        ({"kid": 5}, "malformed"),
        ({"crit": ["b64"], "b64": True}, "malformed"),
        ({"jku": "https://example.vn/keys"}, "malformed"),
    ],
)
def test_a_header_says_what_it_must_and_nothing_more(
    header: dict[str, Any], code: str, ring: Ring, verifier: Verifier
) -> None:
    stated = {"alg": "Ed25519", "kid": read_private(ring.private("portal")).id, "typ": TYPE, **header}
    _, payload, signature = signed(ring).split(".")
    assert refusal(verifier, f"{b64(stated)}.{payload}.{signature}") == f"actor.{code}"


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({}, None),
        ({"aud": "another"}, "untrusted"),
        ({"aud": None}, "untrusted"),
        ({"aud": ["another", "third"]}, "untrusted"),
        ({"aud": ["another", "motcua"]}, None),
        ({"iss": "services"}, "untrusted"),
        ({"iss": None}, "untrusted"),
        ({"kind": "system"}, "untrusted"),
        ({"kind": "anybody"}, "malformed"),
        ({"kind": None}, "malformed"),
        ({"sub": None}, "malformed"),
        ({"sub": 5}, "malformed"),
        ({"sub": "1\n2"}, "malformed"),
        ({"sub": "1" * 101}, "malformed"),
        ({"kind": "officer", "sub": "cb-001"}, "malformed"),
        ({"kind": "officer", "sub": "cb-001", "unit": "vnnic"}, None),
        ({"kind": "officer", "sub": "cb-001", "unit": "vnnic", "duties": "sign anything"}, None),
        ({"kind": "officer", "sub": "cb-001", "unit": "vnnic", "duties": ["sign"]}, "malformed"),
        ({"duties": "sign"}, "malformed"),
        ({"unit": 5}, "malformed"),
        ({"exp": None}, "malformed"),
        ({"iat": None}, "malformed"),
        ({"exp": True}, "malformed"),
        ({"exp": "9999999999"}, "malformed"),
        ({"exp": 1e10}, "malformed"),
        ({"exp": 10**400}, "untrusted"),
        ({"iat": -(10**400)}, "untrusted"),
        ({"nbf": int(START.timestamp()) + 3000}, "untrusted"),
        ({"jti": "x"}, None),
    ],
)
def test_each_claim_is_looked_at(claims: dict[str, Any], code: str | None, ring: Ring, verifier: Verifier) -> None:
    token = signed(ring, **claims)
    if code is None:
        verifier.read(token)
    else:
        assert refusal(verifier, token) == f"actor.{code}"


@pytest.mark.parametrize("payload", ["5", "[]", "null", "{", '{"exp": NaN}', '{"sub": "a", "sub": "b"}'])
def test_a_payload_that_holds_no_claims_is_malformed(payload: str, ring: Ring, verifier: Verifier) -> None:
    key = read_private(ring.private("portal"))
    token = jws.serialize_compact({"alg": "Ed25519", "kid": key.id, "typ": TYPE}, payload, key.jwk, ["Ed25519"])
    assert refusal(verifier, token) == "actor.malformed"


def test_what_is_too_long_is_not_even_looked_at(ring: Ring, verifier: Verifier) -> None:
    assert refusal(verifier, signed(ring, jti="x" * LONGEST)) == "actor.malformed"


def test_a_key_speaks_for_its_own_kinds_only(ring: Ring, portal: Issuer, verifier: Verifier) -> None:
    with pytest.raises(ValueError, match="system"):
        portal.issue(SYSTEM)
    with pytest.raises(ValueError, match="citizen"):
        ring.issuer("services").issue(CITIZEN)
    assert verifier.read(signed(ring, holder="services", kind="system", sub="payment")) == SYSTEM
    assert refusal(verifier, signed(ring, holder="services", kind="citizen")) == "actor.untrusted"


def test_a_token_ends_and_clocks_may_be_a_little_apart(portal: Issuer, verifier: Verifier, clock: Clock) -> None:
    first, second = portal.issue(CITIZEN), portal.issue(OFFICER)
    clock.go(300 + 299)
    assert verifier.read(first) == CITIZEN
    clock.go(1)
    assert refusal(verifier, first) == "actor.expired", "also one that was known"
    assert refusal(verifier, second) == "actor.expired", "also one that was not"


def test_no_token_lives_long(ring: Ring, portal: Issuer, verifier: Verifier) -> None:
    assert verifier.read(portal.issue(CITIZEN, MOST_SECONDS)) == CITIZEN
    for seconds in (0, -1, MOST_SECONDS + 1):
        with pytest.raises(ValueError, match="lives"):
            portal.issue(CITIZEN, seconds)
    issued = int(START.timestamp())
    assert refusal(verifier, signed(ring, exp=issued + MOST_SECONDS + 1)) == "actor.untrusted"
    later = issued + 86_400
    assert refusal(verifier, signed(ring, iat=later, exp=later + 300)) == "actor.untrusted"


@pytest.mark.parametrize("skew", [-600, -300, 0, 300, 600])
def test_what_is_sent_fresh_is_taken_by_clocks_ten_minutes_apart(skew: int, ring: Ring, clock: Clock) -> None:
    there = Clock()
    there.go(skew)
    issuer, reader = ring.issuer("services", clock), Verifier(ring.public, now=there)
    for _ in range(60):
        assert reader.read(issuer.fresh(SYSTEM)) == SYSTEM
        clock.go(47)
        there.go(47)


def test_one_token_serves_for_a_while_and_then_another(portal: Issuer, clock: Clock) -> None:
    first = portal.fresh(CITIZEN)
    assert portal.fresh(CITIZEN) == first
    assert portal.fresh(OFFICER) != first
    clock.go(301)
    assert portal.fresh(CITIZEN) != first
    clock.go(-86_400)
    assert portal.fresh(CITIZEN) != first


def test_no_more_tokens_are_kept_than_may_be(
    portal: Issuer, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "_MOST_KEPT", 10)
    monkeypatch.setattr(tokens, "_MOST_KNOWN", 10)
    for number in range(100):
        assert verifier.read(portal.fresh(Actor("citizen", str(number)))).id == str(number)
    known = vars(verifier)["_known"]
    assert len(vars(portal)["_kept"]) <= 10
    assert len(known._young) + len(known._old) <= 20  # noqa: SLF001


def test_a_token_is_verified_once(portal: Issuer, verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    token = portal.issue(CITIZEN)
    verifier.read(token)
    monkeypatch.setattr(tokens, "validate_compact", lambda *_: pytest.fail("once more"))
    assert verifier.read(token) == CITIZEN


@pytest.fixture
def looking(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Makes the time come to look at the file again."""
    monkeypatch.setattr(tokens, "_LOOK_SECONDS", 1e9)
    return lambda: monkeypatch.setattr(tokens, "_LOOK_SECONDS", -1.0)


def test_a_new_key_is_believed_as_soon_as_it_is_used(
    ring: Ring, verifier: Verifier, clock: Clock, looking: Callable[[], None]
) -> None:
    old = ring.issuer("portal", clock).issue(CITIZEN)
    verifier.read(old)
    ring.add("portal of tomorrow", PEOPLE)
    assert verifier.read(ring.issuer("portal of tomorrow", clock).issue(OFFICER)) == OFFICER
    assert verifier.read(old) == CITIZEN
    ring.remove("portal")
    looking()
    assert refusal(verifier, old) == "actor.untrusted", "also what was known"


@pytest.mark.parametrize("content", ["", "{", "{}", '{"keys": []}', '{"keys": [5]}', None])
def test_a_file_of_keys_that_cannot_be_read_changes_nothing(
    content: str | None, ring: Ring, portal: Issuer, verifier: Verifier, looking: Callable[[], None]
) -> None:
    if content is None:
        ring.public.unlink()
    else:
        ring.public.write_text(content)
    looking()
    assert verifier.read(portal.issue(CITIZEN)) == CITIZEN
    ring.add("third", PEOPLE)
    ring.remove("portal")
    assert refusal(verifier, portal.issue(OFFICER)) == "actor.untrusted"


@pytest.mark.parametrize(
    "spoil",
    [{"motcua_kinds": None}, {"motcua_kinds": []}, {"motcua_kinds": ["king"]}, {"motcua_kinds": "citizen"}, {"kid": ""},
     {"motcua_issuer": 5}, {"crv": "Ed448"}, {"kty": "oct", "k": "x"}, {"x": "!"}, {"x": None}],
)  # fmt: skip
def test_a_key_that_does_not_say_what_it_must_is_refused_at_the_start(spoil: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    good = public_set([make("portal", PEOPLE)])["keys"][0]
    path.write_text(json.dumps({"keys": [good]}))
    Verifier(path)
    path.write_text(json.dumps({"keys": [good | spoil]}))
    with pytest.raises(BadKey, match=r"keys\.json"):
        Verifier(path)


def test_private_and_public_keys_are_not_mistaken_for_each_other(ring: Ring, tmp_path: Path) -> None:
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps({"keys": [make("portal", PEOPLE)]}))
    with pytest.raises(BadKey, match="private key stands among"):
        read_public(path)
    path.write_text(json.dumps(json.loads(ring.public.read_text())["keys"][0]))
    with pytest.raises(BadKey, match="no private key"):
        read_private(path)
    with pytest.raises(BadKey, match=os.strerror(2)):
        read_private(tmp_path / "nowhere.json")
    assert not any("d" in key for key in json.loads(ring.public.read_text())["keys"])
