"""The command line `motcua`: for those who run the system and those who try it."""
