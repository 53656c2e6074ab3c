"""How Một Cửa is put on machines, and the counterparts it is tried against."""
