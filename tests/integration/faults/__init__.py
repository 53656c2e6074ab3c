"""Programs killed in the middle of their work: no dossier is lost, and none is worked twice."""
