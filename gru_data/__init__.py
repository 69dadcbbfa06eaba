"""The course's real data: fetched once from pinned archives, read from the cache ever after.

``python -m gru_data fetch`` downloads what is missing; a loader such as
`beijing_pm25` reads it, offline, and gives plain NumPy arrays. Needs NumPy;
fetching also needs the extra ``data``.
"""

from gru_data.beijing import BeijingPM25, beijing_pm25
from gru_data.description import Description, Member
from gru_data.errors import CacheError, DataError, FetchError, NotFetchedError, WrongHashError
from gru_data.registry import data_sets, describe, is_fetched

__all__ = [
    "BeijingPM25",
    "CacheError",
    "DataError",
    "Description",
    "FetchError",
    "Member",
    "NotFetchedError",
    "WrongHashError",
    "beijing_pm25",
    "data_sets",
    "describe",
    "is_fetched",
]
