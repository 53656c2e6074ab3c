"""A sandbox mailbox: takes mail over SMTP, shows it over HTTP."""
