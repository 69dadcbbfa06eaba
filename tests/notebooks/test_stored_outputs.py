"""Every stored output, pictures too, is what its notebook gives today."""

import pytest

from authoring.refresh import all_notebooks, check

NEEDS = {"ch11-forecasting": ("data", "tensorflow")}


def marked(path):
    marks = [pytest.mark.needs(name) for name in NEEDS.get(path.stem, ())]
    return pytest.param(path, id=f"{path.parent.name}/{path.stem}", marks=marks)


@pytest.mark.slow
@pytest.mark.parametrize("path", [marked(path) for path in all_notebooks()])
def test_a_notebook_gives_what_it_stores(path):
    well, message = check(path)
    assert well, message
