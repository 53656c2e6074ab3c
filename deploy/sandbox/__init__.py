"""Stand-ins for the outside world: a payment gateway and a mailbox. They share no code with the product."""
