"""What an invoice, a claim and a finding are: pure, without I/O and without a framework."""
