"""`motcua backup` and `motcua restore`: all five databases as of one instant, and the way back to it."""
