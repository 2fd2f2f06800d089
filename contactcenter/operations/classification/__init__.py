"""Every text that the program stores: whose it is, what empties it, and whether a back-up holds it (decision 11).

`docs/data.md` is made from this; tests compare it with the database.
"""

from contactcenter.operations.classification.kinds import Class, InBackup, Place, Table, Way
from contactcenter.operations.classification.places import PLACES
from contactcenter.operations.classification.tables import TABLES, table_called

__all__ = ["PLACES", "TABLES", "Class", "InBackup", "Place", "Table", "Way", "table_called"]
