"""`motcua top`: what every process does now, by what it shows on its operators' port."""
