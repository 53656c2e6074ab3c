"""`motcua api`: what may be asked of the services, as their own code states it. `docs/api.md` is its output."""
