"""`make bench`: what the system does in a second, beside stock nameko and the machine's limit in the same run."""

import warnings

warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")  # nameko's clients import it, unused
