"""Python's garbage collector looks through everything now and then, and the whole process stands still meanwhile.

In a service that has just started that took 35 ms of a core, nearly all of it for modules, classes and schemas, which
stay for good; under load it came every few seconds, and was the slowest hundredth of all answers.
"""

import gc


def begin_without() -> None:
    """No look until `spare_what_stays`: what comes while a process loads its code stays, and it is a tenth of that."""
    gc.disable()


def spare_what_stays() -> None:
    """Leave what is there now out of every later look; to be called once, when a process has what it works with."""
    gc.collect()
    gc.freeze()
    gc.enable()
