"""`/api/v1`: all that citizens and enterprises do on the pages, as JSON, for other front ends."""
