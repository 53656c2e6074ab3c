"""notify: writes to the citizen and to the unit at each step that concerns them, once for each cause."""
