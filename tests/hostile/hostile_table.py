"""All hostile submissions.

Each has cells, and the status of every answer; an answer that is not named is
right. Points follow: two for a right answer, none for any other.
"""

from tests.hostile.prying import ESCAPING, READING
from tests.hostile.talking import CHANNEL
from tests.hostile.tampering import TAMPERING
from tests.hostile.using_up import CRASHING, EXHAUSTING, HANGING

TABLE = [*TAMPERING, *READING, *ESCAPING, *HANGING, *EXHAUSTING, *CRASHING, *CHANNEL]

ATTEMPTS = [submission for submission in TABLE if any("done = succeeded(" in cell for cell in submission.cells)]
"""Those of which one answer is right only if everything it attempts is refused."""
