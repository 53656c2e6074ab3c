"""The faults by name: each is counted where a handler, a caller or a worker really met it, not where it was drawn."""

from typing import Final

SAID_TWICE: Final = "a handler took an event again"
OUT_OF_ORDER: Final = "an event was heard before one that was there first"
NO_ANSWER: Final = "a call got no answer"
NOT_CONFIRMED: Final = "an event was not confirmed, and lost"
NOT_CONFIRMED_THOUGH_TAKEN: Final = "an event was not confirmed, though taken"
OVERTAKEN: Final = "a worker was overtaken by another"
OUTRUN: Final = "a change came too late, another was faster"
KILLED_BEFORE_A_WRITE: Final = "a worker was killed before a write"
KILLED_AFTER_A_WRITE: Final = "a worker was killed after a write"
NO_ANSWER_TO_A_READ: Final = "the database did not answer a read"
NO_WRITE: Final = "the database was gone before a write"
NO_ANSWER_TO_A_WRITE: Final = "the database wrote, and did not say so"
LETTER_PUT_OFF: Final = "the mail server put a letter off"
LETTER_IN_DOUBT: Final = "the mail server said nothing, and has no letter"
LETTER_IN_DOUBT_THOUGH_TAKEN: Final = "the mail server said nothing, and has the letter"
LOST_BY_THE_BROKER: Final = "the broker lost an event that was on its way"
TOLD_AGAIN: Final = "a history was told again"
CATALOGUE_HEARD_LATE: Final = "the catalogue was heard late"
SAID_ONCE_MORE: Final = "an event came once more when all was done"
OF_A_CALL: Final = (NO_ANSWER, NOT_CONFIRMED, NOT_CONFIRMED_THOUGH_TAKEN)
OF_OTHER_WORKERS: Final = (OVERTAKEN, OUTRUN)
OF_A_DEATH: Final = (KILLED_BEFORE_A_WRITE, KILLED_AFTER_A_WRITE)
OF_THE_DATABASE: Final = (NO_ANSWER_TO_A_READ, NO_WRITE, NO_ANSWER_TO_A_WRITE)
OF_THE_MAIL: Final = (LETTER_PUT_OFF, LETTER_IN_DOUBT, LETTER_IN_DOUBT_THOUGH_TAKEN)
