"""Payment: prices dossiers, takes the money once, gives the receipt, gives back what is owed."""
