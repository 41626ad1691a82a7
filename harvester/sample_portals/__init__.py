"""Small portals that speak the real protocols on loopback sockets, with metadata of our own in Korean and English."""
