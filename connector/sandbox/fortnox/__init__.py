"""An imitation of Fortnox, served over HTTP."""
