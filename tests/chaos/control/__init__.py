"""The control: a small flow of stock nameko services, written as its documentation shows, under the same faults.

It must be seen to fail, or else the checks see nothing. Nothing in it is made worse than a reader of the documentation
would make it: drivers' defaults, one write and one dispatch a step, handlers that may be delivered to again.
"""
