"""registry: the ministry's shared databases of results, and the catalogue of what it offers."""
