"""What the city has written down to answer with: scripts for agents, the self-service menu for residents."""
