"""The link to the other nodes: what one node journals, the others hold, too."""
