"""An invoice becomes a case: asked for, planned, registered once, its PDF uploaded, written back."""
