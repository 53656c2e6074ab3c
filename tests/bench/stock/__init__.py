"""The control: the same five services and the same messages, written the way nameko's documentation shows.

One pymongo write and one dispatch at a time, straight from the handler, under the drivers' defaults (which on a replica
set are majority and journal, and publisher confirms with persistent messages). Requests, forms and events pass the
same marshmallow schemas, and carry the same data, as ours; prices, office hours, record numbers and the words of
letters come from the same pure code, so that what differs is how the work is organised. A handler sets the status its
event stands for. Nothing in here is made worse than a careful reader of the documentation would make it.
"""
