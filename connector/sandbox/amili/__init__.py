"""An imitation of Amili, served over HTTP."""
