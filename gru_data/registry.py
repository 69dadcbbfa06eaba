"""Which data sets there are. A new one is a module with a DESCRIPTION and a loader, and a line here."""

from gru_data import beijing, cache

DESCRIPTIONS = (beijing.DESCRIPTION,)


def data_sets():
    """Describe all data sets.

    Returns
    -------
    tuple of Description
    """
    return DESCRIPTIONS


def describe(name):
    """Describe one data set.

    Parameters
    ----------
    name : str
        Its loader's name.

    Returns
    -------
    Description

    Raises
    ------
    ValueError
        If there is none of that name; the message lists those that exist.
    """
    for description in DESCRIPTIONS:
        if description.name == name:
            return description
    raise ValueError(f"there is no data set {name!r}; there are: {', '.join(one.name for one in DESCRIPTIONS)}")


def is_fetched(name=None):
    """Say whether data lie in the cache, whole and unchanged.

    Parameters
    ----------
    name : str, optional
        All data sets by default.

    Returns
    -------
    bool
    """
    wanted = DESCRIPTIONS if name is None else (describe(name),)
    return all(cache.is_whole(description) for description in wanted)
