"""One module a part of the portal; each makes the blueprint of its pages."""
