"""`motcua verify`: everything that must hold of an installation is looked up in its books, and nothing is written.

`books` reads, `papers` puts together what the five services have of a dossier, `published` what the catalogue says;
`histories`, `stories`, `money`, `prices`, `notices`, `numbers` and `files` say what is wrong with it; `dossiers`,
`series`, `catalogue`, `queues` and `deliveries` (of webhooks) are the areas that are looked over, and `anchored`, where
an `anchor` was written down before; `checker` looks again at what disagrees until it agrees or its patience is over;
`files`, `webhooks` and `waiting` note beside what is worth knowing.
"""
