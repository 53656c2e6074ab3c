"""`make chaos`: what may go wrong is made to go wrong, on a real stack, and the books must still be right.

`stage` is a stack whose services reach their servers by lines of our own (`proxy`, `wires`); `rig` has the verbs that
harm it and writes down each of them; `load` is what goes on meanwhile; `scenarios/` say what is done, about ten lines
each; `judge` looks at everything afterwards; `play` puts one scenario through, `report` writes down how it went.
"""
