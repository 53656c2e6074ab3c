"""The whole system on one machine, with servers of its own, touching none of the system's."""
