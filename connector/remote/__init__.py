"""The one wire: how anything of ours speaks HTTP to anybody else's server, and what that server may take of us."""
