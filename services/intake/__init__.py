"""Intake: dossiers from submission to the returned result, their papers, and the status that the public sees."""
