"""An imitation of Odoo, served over HTTP."""
