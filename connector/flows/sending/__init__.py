"""Sending to Amili once: the steps that registrations, reports and invoice copies share (DESIGN.md, "Registering
once")."""
