"""What is logged, and where: warnings of ours and errors of anyone's, on standard error.

No article text and no secret is ever logged: a record is named by its origin.
"""

import logging


def configure() -> None:
    """Set up logging for a process of ours."""
    # Beam warns of extras that nobody asked for; from us a warning is meant.
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    for ours in ("pipelines", "connectors"):
        logging.getLogger(ours).setLevel(logging.WARNING)
