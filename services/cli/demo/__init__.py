"""`motcua demo`: real dossiers of every procedure through the five services, by a stock nameko client."""
