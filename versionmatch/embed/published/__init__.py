"""Published networks for version identification, loaded from a file that the user has.

The networks are written from the facts that their papers and repositories state; no weights and no code of others
are shipped. ``families`` says what each is and how its checkpoints are laid out, ``layout`` recognises them. Neither
needs torch; the networks themselves (``clews``, ``fish``, ``vinet``, ``coverhunter``, ``move``) do.
"""
