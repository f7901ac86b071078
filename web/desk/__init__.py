"""The desk: what a platform's own surfaces may know and change, answered from the rows."""

from web.desk.briefs import brief_of
from web.desk.stored import StoredDesk

__all__ = ["StoredDesk", "brief_of"]
