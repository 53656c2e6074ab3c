"""The command line `motcua`: for those who run the system and those who try it."""

import warnings

warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")  # said once for each import of nameko
