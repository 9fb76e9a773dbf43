"""What the imitations share: how they are served, made to fail and controlled."""
