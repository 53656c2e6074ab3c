"""What becomes of an event on its way follows from what it is, not from when it comes."""

from tests.chaos.chance import Chance

EVENTS = [("routing.open_case", f"dossier/{code}", number) for code in range(100) for number in range(1, 11)]


def shares(seed: int, scenario: str = "any order") -> dict[tuple[object, ...], float]:
    """What each event draws, asked for in the order of their numbers."""
    chance = Chance(seed, scenario)
    return {event: chance.share("late", *event) for event in EVENTS}


def test_each_draws_the_same_whatever_was_drawn_before() -> None:
    drawn, chance = shares(5), Chance(5, "any order")
    for event in reversed(EVENTS):
        chance.pick("abc")
        assert chance.share("late", *event) == drawn[event]


def test_another_seed_scenario_or_question_draws_otherwise() -> None:
    drawn, chance = shares(5), Chance(5, "any order")
    twice: dict[tuple[object, ...], float] = {event: chance.share("twice", *event) for event in EVENTS}
    others = [shares(6), shares(5, "kills"), twice]
    assert all(drawn[event] != other[event] for other in others for event in EVENTS)


def test_every_share_is_drawn_about_as_often() -> None:
    drawn = list(shares(5).values())
    assert all(0 <= one < 1 for one in drawn)
    for tenth in range(10):
        assert 70 < sum(tenth <= 10 * one < tenth + 1 for one in drawn) < 130
