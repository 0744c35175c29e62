"""All kinds of records that the catalog keeps."""

from services.catalog.barriers import BARRIER
from services.catalog.documents import DOCUMENT
from services.catalog.measures import MEASURE
from weft.records.collection import Collection

KINDS = Collection(DOCUMENT, BARRIER, MEASURE)
