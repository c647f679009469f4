"""The client port: how other programs reach a node over the network. See docs/clients.md."""
