"""Settings with which nbgrader releases these notebooks to a class: the worked explanations stay here.

Copy this file into the root of an nbgrader course and a notebook of this folder into ``source/<assignment>/``.
"""

from nbconvert.preprocessors import TagRemovePreprocessor
from nbgrader.converters import GenerateAssignment

c = get_config()  # noqa: F821 - nbgrader provides it
c.TagRemovePreprocessor.enabled = True
c.TagRemovePreprocessor.remove_cell_tags = {"worked-solution"}
c.GenerateAssignment.preprocessors = [TagRemovePreprocessor, *GenerateAssignment.preprocessors.default()]
