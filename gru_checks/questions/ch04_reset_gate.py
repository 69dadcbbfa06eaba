"""Chapter 4, the reset gate: the gate, what it lets through, its two places, its gradient, and a fresh start."""

import numpy as np

from gru_checks.calling import Call
from gru_checks.drawing import gate, state, step_inputs
from gru_checks.gate_mistakes import gate_mistakes
from gru_checks.question import Behaviour, Case, Misconception, Part, Question
from gru_checks.registry import Assignment
from gru_ref import candidate_state, gate_gradient, reset_gate, sigmoid

STEM = "ch04-reset-gate"
IDEA = f"{STEM}#The idea"
EQUATION = f"{STEM}#The equation"
ERASES = f"{STEM}#Claim 3: the reset gate erases nothing"
FORMS = f"{STEM}#Claim 4: before and after the product are two functions"
GRADIENT = f"{STEM}#The gradient of the gate, line by line"
COUNT = f"{STEM}#A count that starts anew at a mark"
THAT_FIT = f"{STEM}#Six that fit and are wrong"


# The gate


def _draw_reset_gate(rng):
    def case(name, I, H, B, weight=1, **more):
        return Case(name, Call("reset_gate", step_inputs(rng, I, H, B, **more)), weight)

    return [
        case("one column, two inputs, three units", 2, 3, 1, 2),
        case("a batch of four", 2, 3, 4, 2),
        case("more inputs than units", 5, 2, 3),
        case("as many inputs as units as examples", 3, 3, 3),
        case("float32", 3, 4, 2, dtype=np.float32),
        case("large weights", 4, 5, 6, scale=60.0),
    ]


RESET_GATE = Question(
    id="ch04.reset_gate",
    title="The reset gate",
    points=2,
    answer="reset_gate",
    reference=reset_gate,
    draw=_draw_reset_gate,
    returns=(Part("r", "HB"),),
    page=EQUATION,
    public_seed=1,
    hints=(
        "It has the form of every gate: a term from the input, a term from the old state, a bias; then the sigmoid.",
        "`W_r @ x` and `U_r @ h_prev` have shape (H, B), and the bias (H, 1) is added to every column. `sigmoid` is"
        " given at the top.",
    ),
    misconceptions=gate_mistakes("r", "reset gate", {}),
)


# What it lets through


def seen_state(h_prev, r):
    """Share of the old state that the candidate sees."""
    return r * h_prev


def _draw_seen(rng):
    def case(name, H, B, weight=1, dtype=np.float64):
        return Case(name, Call("seen_state", (state(rng, H, B, dtype), gate(rng, H, B, dtype))), weight)

    return [
        case("one column of three units", 3, 1),
        case("a batch of four", 2, 4),
        case("as many units as examples", 3, 3),
        case("float32", 4, 2, dtype=np.float32),
    ]


SEEN = Question(
    id="ch04.seen",
    title="What the candidate sees",
    points=1,
    answer="seen_state",
    reference=seen_state,
    draw=_draw_seen,
    returns=(Part("the result", "HB"),),
    page=EQUATION,
    public_seed=3,
    hints=(
        "Each unit has a gate of its own, and nothing is added up here. Which kind of product is that?",
        "$r \\odot h_{prev}$ is the product entry by entry: `*` in NumPy.",
    ),
    misconceptions=(
        Misconception(
            "polarity",
            "The share is taken to be 1 - r. A reset gate of 1 resets nothing: r is the share that is seen.",
            lambda h_prev, r: (1 - r) * h_prev,
            IDEA,
        ),
        Misconception(
            "matrix_product",
            "@ is the product of matrices: it adds up over units or examples. Each value of the state is multiplied by"
            " its own gate, entry by entry: *.",
            lambda h_prev, r: r @ h_prev,
            also=(
                lambda h_prev, r: h_prev @ r,
                lambda h_prev, r: r.T @ h_prev,
                lambda h_prev, r: r @ h_prev.T,
                lambda h_prev, r: h_prev @ r.T,
                lambda h_prev, r: h_prev.T @ r,
            ),
        ),
        Misconception(
            "added",
            "The gate is added to the state. It is a share of it, so the two are multiplied.",
            lambda h_prev, r: h_prev + r,
        ),
        Misconception(
            "subtracted",
            "A difference of gate and state is no share. They are multiplied: a gate of 0.25 lets a quarter through.",
            lambda h_prev, r: h_prev - r,
            also=(lambda h_prev, r: r - h_prev,),
        ),
        Misconception(
            "divided",
            "The state is divided by the gate, so a nearly closed gate would make it huge. The two are multiplied.",
            lambda h_prev, r: h_prev / r,
            also=(lambda h_prev, r: r / h_prev,),
        ),
        Misconception(
            "ungated",
            "The state comes back as it is, as if every gate were open. r says how much of it is seen.",
            lambda h_prev, r: h_prev,
        ),
        Misconception(
            "gate_alone",
            "This is the gate. How much of the state is seen is the gate times the state.",
            lambda h_prev, r: r,
        ),
        Misconception(
            "gate_again",
            "r is a gate already. Another sigmoid leaves only shares between 0.5 and 0.73.",
            lambda h_prev, r: sigmoid(r) * h_prev,
        ),
        Misconception(
            "rounded",
            "The gate is taken to be open or closed. It may stand anywhere between: 0.3 lets three tenths through.",
            lambda h_prev, r: np.round(r) * h_prev,
            also=(lambda h_prev, r: np.where(r > 0.5, h_prev, 0 * h_prev),),
        ),
        Misconception(
            "squared",
            "The gate is multiplied in twice. Once is enough.",
            lambda h_prev, r: r * r * h_prev,
        ),
        Misconception(
            "squashed",
            "The tanh comes later, after the product with U_h. What is seen is the share alone.",
            lambda h_prev, r: np.tanh(r * h_prev),
            slight=True,
        ),
        Misconception(
            "mixed",
            "This mixes two things in the shares r and 1 - r, as the update gate does with the old state and the"
            " candidate. The reset gate only hides: the rest of the state is replaced by nothing.",
            lambda h_prev, r: r * h_prev + (1 - r),
            ERASES,
        ),
        Misconception(
            "one_gate_for_all",
            "One gate is used for all units. Each unit has its own: row i of r belongs to row i of h_prev.",
            lambda h_prev, r: r[0] * h_prev,
            also=(lambda h_prev, r: r.mean() * h_prev, lambda h_prev, r: r.mean(axis=0) * h_prev),
        ),
        Misconception(
            "first_example_only",
            "Every example gets the gates of the first one. r has a column for each example, as h_prev has.",
            lambda h_prev, r: r[:, :1] * h_prev,
            also=(lambda h_prev, r: r.mean(axis=1, keepdims=True) * h_prev,),
        ),
        Misconception(
            "summed",
            "The shares are added up over the units. Nothing is added here; U_h does that later, with a weight for"
            " each.",
            lambda h_prev, r: (r * h_prev).sum(axis=0, keepdims=True),
            also=(lambda h_prev, r: (r * h_prev).sum(axis=0), lambda h_prev, r: (r * h_prev).sum()),
        ),
    ),
)


# Its two places


def state_terms(h_prev, r, U_h, c_h):
    """Term of the old state in the candidate's sum, with the gate before and after the product."""
    return U_h @ (r * h_prev), r * (U_h @ h_prev + c_h)


def _terms(before=None, after=None):
    """Make a wrong version by exchanging one of the two terms, or both."""
    right_before, right_after = (lambda h, r, U, c, place=place: state_terms(h, r, U, c)[place] for place in (0, 1))
    before, after = before or right_before, after or right_after
    return lambda h_prev, r, U_h, c_h: (before(h_prev, r, U_h, c_h), after(h_prev, r, U_h, c_h))


def _draw_forms(rng):
    def case(name, H, B, weight=1, dtype=np.float64):
        arrays = state(rng, H, B), gate(rng, H, B), rng.normal(0, 1, (H, H)), rng.normal(0, 1, (H, 1))
        return Case(name, Call("state_terms", tuple(array.astype(dtype) for array in arrays)), weight)

    return [
        case("one column of three units", 3, 1),
        case("a batch of four", 2, 4, 2),
        case("as many units as examples", 3, 3),
        case("float32", 4, 2, dtype=np.float32),
    ]


BOTH_FORMS = Question(
    id="ch04.both_forms",
    title="Before and after the product",
    points=3,
    answer="state_terms",
    reference=state_terms,
    draw=_draw_forms,
    returns=(Part("before", "HB"), Part("after", "HB")),
    page=FORMS,
    public_seed=0,
    hints=(
        "In the form *before*, the gate of the unit that is looked at counts; in the form *after*, that of the unit"
        " that looks. Write both with parentheses: `@` and `*` bind equally strongly, and Python goes from left to"
        " right.",
        "Before: the state is filtered, then multiplied by the matrix. After: the product with the matrix, then the"
        " inner bias, and the gate around both.",
    ),
    misconceptions=(
        Misconception(
            "order",
            "The two are in the wrong order: first the form with the gate before the product, then the one after.",
            lambda h_prev, r, U_h, c_h: state_terms(h_prev, r, U_h, c_h)[::-1],
        ),
        Misconception(
            "bracket_missing",
            "Parentheses are missing: Python reads U_h @ r * h_prev as (U_h @ r) * h_prev. The filter comes first,"
            " U_h @ (r * h_prev).",
            _terms(before=lambda h, r, U, c: U @ r * h),
            "ch05-candidate-state#A bracket too few",
        ),
        Misconception(
            "bracket_missing_after",
            "Parentheses are missing in the form after the product: Python reads r * U_h @ h_prev as"
            " (r * U_h) @ h_prev. The product comes first, and the gate multiplies it with its bias:"
            " r * (U_h @ h_prev + c_h).",
            _terms(after=lambda h, r, U, c: r * U @ h + c),
            also=(
                _terms(after=lambda h, r, U, c: r * U @ h),
                _terms(lambda h, r, U, c: U @ r * h, lambda h, r, U, c: r * U @ h + c),
            ),
        ),
        Misconception(
            "inner_bias_outside",
            "The inner bias is added outside of the gate. The gate multiplies U_h @ h_prev + c_h as a whole; outside,"
            " c_h would be a second b_h.",
            _terms(after=lambda h, r, U, c: r * (U @ h) + c),
        ),
        Misconception(
            "inner_bias_dropped",
            "The inner bias c_h is missing in the form after the product: the gate multiplies U_h @ h_prev + c_h.",
            _terms(after=lambda h, r, U, c: r * (U @ h)),
        ),
        Misconception(
            "inner_bias_before",
            "The inner bias belongs to the form after the product alone. Before the product it could be added to b_h,"
            " so nobody gives it a place of its own.",
            _terms(before=lambda h, r, U, c: U @ (r * h) + c),
            also=(
                _terms(before=lambda h, r, U, c: U @ (r * h + c)),
                _terms(before=lambda h, r, U, c: U @ (r * h) + r * c),
            ),
        ),
        Misconception(
            "inner_bias_on_the_state",
            "c_h is added to the state before the product. It is a bias of the units that look: it is added to"
            " U_h @ h_prev.",
            _terms(after=lambda h, r, U, c: r * (U @ (h + c))),
        ),
        Misconception(
            "inner_bias_as_row",
            "The inner bias is added as a row: entry i of c_h goes to example i instead of unit i. It has shape (H, 1),"
            " and added as it is, it goes to every column.",
            _terms(after=lambda h, r, U, c: r * (U @ h + c.ravel())),
        ),
        Misconception(
            "both_transposed",
            "U_h is transposed in both terms. Row i of U_h holds the weights into unit i; U_h is square, and therefore"
            " no shape warns of it.",
            _terms(lambda h, r, U, c: U.T @ (r * h), lambda h, r, U, c: r * (U.T @ h + c)),
            THAT_FIT,
        ),
        Misconception(
            "one_transposed",
            "U_h is transposed in one of the two terms. It is the same matrix in both; only the place of the gate"
            " differs.",
            _terms(before=lambda h, r, U, c: U.T @ (r * h)),
            THAT_FIT,
            also=(_terms(after=lambda h, r, U, c: r * (U.T @ h + c)),),
        ),
        Misconception(
            "gated_twice",
            "In the form after the product the gate is multiplied in twice. It acts after the product and not before"
            " it as well.",
            _terms(after=lambda h, r, U, c: r * (U @ (r * h) + c)),
            also=(
                _terms(after=lambda h, r, U, c: r * (U @ (r * h)) + c),
                _terms(after=lambda h, r, U, c: r * (U @ (r * h))),
            ),
        ),
        Misconception(
            "gated_twice_before",
            "In the form before the product the gate is multiplied in twice. It acts on the state and not on the"
            " product as well.",
            _terms(before=lambda h, r, U, c: r * (U @ (r * h))),
        ),
        Misconception(
            "before_twice",
            "Both terms have the gate before the product. After the product means: first U_h @ h_prev + c_h, then the"
            " gate.",
            _terms(after=lambda h, r, U, c: U @ (r * h)),
            also=(_terms(after=lambda h, r, U, c: U @ (r * h) + c), _terms(after=lambda h, r, U, c: U @ (r * h + c))),
        ),
        Misconception(
            "after_twice",
            "Both terms have the gate after the product. Before the product means: first r * h_prev, then the matrix.",
            _terms(before=lambda h, r, U, c: r * (U @ h)),
            also=(_terms(before=lambda h, r, U, c: r * (U @ h + c)),),
        ),
        Misconception(
            "ungated",
            "A gate is missing: without r a term is that of a plain recurrent network.",
            _terms(before=lambda h, r, U, c: U @ h),
            THAT_FIT,
            also=(
                _terms(after=lambda h, r, U, c: U @ h + c),
                _terms(lambda h, r, U, c: U @ h, lambda h, r, U, c: U @ h + c),
            ),
        ),
        Misconception(
            "polarity",
            "The share is taken to be 1 - r. A reset gate of 1 resets nothing: r is the share that is seen.",
            _terms(lambda h, r, U, c: U @ ((1 - r) * h), lambda h, r, U, c: (1 - r) * (U @ h + c)),
            IDEA,
            also=(
                _terms(before=lambda h, r, U, c: U @ ((1 - r) * h)),
                _terms(after=lambda h, r, U, c: (1 - r) * (U @ h + c)),
            ),
        ),
        Misconception(
            "elementwise",
            "U_h is multiplied entry by entry. The product with U_h is one of matrices: every unit looks at every"
            " other.",
            _terms(lambda h, r, U, c: U * (r * h), lambda h, r, U, c: r * (U * h + c)),
        ),
        Misconception(
            "squashed",
            "The tanh is applied already. Only the term of the state is asked for; input, bias and tanh come later.",
            _terms(
                lambda h, r, U, c: np.tanh(U @ (r * h)),
                lambda h, r, U, c: np.tanh(r * (U @ h + c)),
            ),
        ),
    ),
)


# Fresh starts in a trace


OPEN, CLOSED = 0.99, 0.01


def fresh_starts(z, r):
    """Steps at which every unit writes its candidate and no candidate saw the old state."""
    return ((z > OPEN) & (r < CLOSED)).all(axis=1)


def _over_units(pick, over=np.all):
    """Make a wrong version from another condition, or another way to sum it up over the units."""
    return lambda z, r: over(pick(z, r), axis=1)


def _draw_starts(rng):
    def steps(H, at_the_limit):
        """Give gates (z, r) of every kind of step, so that no mistake goes unseen."""

        def shut():
            return rng.uniform(0, 0.009, H)

        def wide_open():
            return rng.uniform(0.991, 1, H)

        def between():
            return rng.uniform(0.1, 0.9, H)

        def but(gates, unit, value):
            gates[unit] = value
            return gates

        yield wide_open(), shut()
        yield wide_open(), shut()
        yield wide_open(), wide_open()
        yield shut(), shut()
        yield shut(), wide_open()
        yield between(), shut()
        yield wide_open(), between()
        yield between(), between()
        # One unit alone starts anew, then all but that one.
        yield but(shut(), 0, 1.0), but(wide_open(), 0, 0.0)
        yield but(wide_open(), 0, 0.0), but(shut(), 0, 1.0)
        # On average the gates are open and closed, and yet not every one is.
        yield but(np.ones(H), -1, rng.uniform(0.982, 0.987)), np.zeros(H)
        yield np.ones(H), but(np.zeros(H), -1, rng.uniform(0.013, 0.018))
        if at_the_limit:
            yield np.full(H, OPEN), np.zeros(H)
            yield np.ones(H), np.full(H, CLOSED)

    def case(name, rounds, H, dtype=np.float64):
        rows = [row for _ in range(rounds) for row in steps(H, dtype is np.float64)]
        z, r = (np.array(gates, dtype) for gates in zip(*rng.permutation(rows), strict=True))
        return Case(name, Call("fresh_starts", (z, r)))

    return [
        case("two units, fourteen steps", 1, 2),
        case("three units, forty-two steps", 3, 3),
        case("as many steps as units", 1, 14),
        case("float32", 2, 5, np.float32),
    ]


FRESH_STARTS = Question(
    id="ch04.fresh_starts",
    title="Fresh starts in a trace",
    points=2,
    answer="fresh_starts",
    reference=fresh_starts,
    draw=_draw_starts,
    returns=(Part("fresh", "T"),),
    page=ERASES,
    hints=(
        "There are four corners. In which of them is nothing of the past left in the new state? Both gates have a say.",
        "`(z > 0.99) & (r < 0.01)` has an entry for each step and unit; the parentheses are needed. What must hold for"
        " all units of a step is `.all(axis=1)`.",
    ),
    misconceptions=(
        Misconception(
            "reset_only",
            "Only the reset gate is looked at. It hides the old state from the candidate and erases nothing: if z is"
            " not near 1 too, the old state stays in the mixture.",
            _over_units(lambda z, r: r < CLOSED),
            f'{STEM}#"The reset gate erases the memory"',
        ),
        Misconception(
            "update_only",
            "Only the update gate is looked at. With z near 1 the candidate is written whole, but if r is not near 0,"
            " that candidate was made from the old state.",
            _over_units(lambda z, r: z > OPEN),
        ),
        Misconception(
            "either",
            "Here it is enough that one of the gates is where it should be. Both are needed: z near 1 and r near 0.",
            _over_units(lambda z, r: (z > OPEN) | (r < CLOSED)),
        ),
        Misconception(
            "update_polarity",
            "The update gate is read the wrong way round. In this course z near 1 writes; z near 0 keeps the old state"
            " as it is.",
            _over_units(lambda z, r: (z < CLOSED) & (r < CLOSED)),
        ),
        Misconception(
            "reset_polarity",
            "The reset gate is read the wrong way round. The name misleads: a reset happens where r is small, and a"
            " gate of 1 resets nothing.",
            _over_units(lambda z, r: (z > OPEN) & (r > OPEN)),
            IDEA,
        ),
        Misconception(
            "both_polarities",
            "Both gates are read the wrong way round: z near 0 and r near 1 is a unit that keeps what it has.",
            _over_units(lambda z, r: (z < CLOSED) & (r > OPEN)),
            IDEA,
        ),
        Misconception(
            "any_unit",
            "One unit that starts anew is enough here. Something of the past is left as long as any unit keeps it:"
            " all units must start anew in the same step.",
            _over_units(lambda z, r: (z > OPEN) & (r < CLOSED), np.any),
            also=(
                lambda z, r: (z > OPEN).any(axis=1) & (r < CLOSED).any(axis=1),
                lambda z, r: (z.max(axis=1) > OPEN) & (r.min(axis=1) < CLOSED),
            ),
        ),
        Misconception(
            "on_average",
            "The gates are averaged over the units. One unit that keeps a little of the past hardly moves the mean;"
            " each unit has to be looked at.",
            lambda z, r: (z.mean(axis=1) > OPEN) & (r.mean(axis=1) < CLOSED),
        ),
        Misconception(
            "first_unit",
            "Only one unit is looked at. All units of a step must start anew.",
            lambda z, r: (z[:, 0] > OPEN) & (r[:, 0] < CLOSED),
            also=(lambda z, r: (z[:, -1] > OPEN) & (r[:, -1] < CLOSED),),
        ),
        Misconception(
            "unit_by_unit",
            "This has an answer for each unit. One for each step is asked for: whether all units start anew there,"
            " .all(axis=1).",
            lambda z, r: (z > OPEN) & (r < CLOSED),
        ),
        Misconception(
            "over_time",
            "This goes over the time steps, axis 0, and has an answer for each unit. The steps are rows: .all(axis=1)"
            " goes over the units of each.",
            lambda z, r: ((z > OPEN) & (r < CLOSED)).all(axis=0),
        ),
        Misconception(
            "places",
            "These are the numbers of the steps. An answer for each step is asked for, True or False.",
            lambda z, r: np.flatnonzero(fresh_starts(z, r)),
        ),
        Misconception(
            "how_many",
            "This is the number of fresh starts. An answer for each step is asked for, True or False.",
            lambda z, r: fresh_starts(z, r).sum(),
        ),
        Misconception(
            "one_for_all_steps",
            "One answer comes back for the whole sequence. One for each step is asked for: .all(axis=1) goes over the"
            " units of a step and leaves the steps apart.",
            lambda z, r: ((z > OPEN) & (r < CLOSED)).all(),
        ),
        Misconception(
            "turned_around",
            "This is True where there is no fresh start, and False where there is one.",
            lambda z, r: ~fresh_starts(z, r),
        ),
        Misconception(
            "bracket_missing",
            "Parentheses are missing: & comes before > and <, so Python begins with 0.99 & r. Each comparison needs"
            " a pair of its own: (z > 0.99) & (r < 0.01).",
            lambda z, r: (z > OPEN & r < CLOSED).all(axis=1),
            also=(lambda z, r: (z > OPEN | r < CLOSED).all(axis=1), lambda z, r: (z > OPEN & (r < CLOSED)).all(axis=1)),
        ),
        Misconception(
            "whole_numbers",
            "and asks one question of a whole array. & compares entry by entry, with parentheses around each"
            " comparison: (z > 0.99) & (r < 0.01).",
            lambda z, r: (z > OPEN and r < CLOSED).all(axis=1),
            also=(lambda z, r: [a > OPEN and b < CLOSED for a, b in zip(z, r, strict=True)],),
        ),
    ),
)


# A step with three faults


def reset_step(x, h_prev, W, U, b):
    """Reset gate and candidate, with blocks in the order update gate, reset gate, candidate."""
    r = reset_gate(x, h_prev, W[1], U[1], b[1])
    return r, candidate_state(x, h_prev, r, W[2], U[2], b[2])


def _step(gate=None, candidate=None):
    """Make a wrong version from another gate or another candidate."""

    def wrong(x, h_prev, W, U, b):
        r = (gate or _gate_of(1))(x, h_prev, W, U, b)
        return r, (candidate or _candidate_of(lambda U, h, r: U @ (r * h)))(x, h_prev, r, W, U, b)

    return wrong


def _gate_of(block, of_U=None, of_b=None):
    """Make a gate from one block, or from blocks of different numbers in W, U and b."""
    of_U, of_b = (block if number is None else number for number in (of_U, of_b))
    return lambda x, h_prev, W, U, b: sigmoid(W[block] @ x + U[of_U] @ h_prev + b[of_b])


def _candidate_of(term, block=2, activation=np.tanh):
    return lambda x, h_prev, r, W, U, b: activation(W[block] @ x + term(U[block], h_prev, r) + b[block])


def _bracket_missing(U, h, r):
    return U @ r * h


def _filtered(U, h, r):
    return U @ (r * h)


def _draw_step(rng):
    def case(name, I, H, B, weight=1, dtype=np.float64):
        x, h_prev, *_ = step_inputs(rng, I, H, B, dtype=dtype)
        blocks = (rng.normal(0, 1, (3, H, columns)).astype(dtype) for columns in (I, H, 1))
        return Case(name, Call("reset_step", (x, h_prev, *blocks)), weight)

    return [
        case("one column, two inputs, three units", 2, 3, 1),
        case("a batch of four", 2, 3, 4),
        case("as many inputs as units as examples", 3, 3, 3),
        case("float32", 4, 2, 3, dtype=np.float32),
    ]


REPAIR = Question(
    id="ch04.repair",
    title="A step to repair",
    points=3,
    answer="reset_step",
    reference=reset_step,
    draw=_draw_step,
    returns=(Part("r", "HB"), Part("candidate", "HB")),
    page=f"{STEM}#A body without its first line",
    public_seed=11,
    hints=(
        "Look at the blocks first: which of them belong to the reset gate? Then at what Python multiplies first in the"
        " second line. Then at what is returned.",
        "Block 0 is the update gate's. `U[2] @ r * h_prev` is `(U[2] @ r) * h_prev`. And both results are asked for:"
        " `return r, candidate`.",
    ),
    misconceptions=(
        Misconception(
            "as_printed",
            "Two faults are still there. Block 0 belongs to the update gate, so the gate is the wrong one; and"
            " U[2] @ r * h_prev multiplies the matrix by the gate first, where parentheses are missing.",
            _step(_gate_of(0), _candidate_of(_bracket_missing)),
        ),
        Misconception(
            "update_block",
            "The gate is computed with the blocks of the update gate. The order is update gate, reset gate, candidate,"
            " so those of the reset gate have number 1.",
            _step(_gate_of(0)),
            THAT_FIT,
        ),
        Misconception(
            "update_block_in_part",
            "A part of the gate is still the update gate's. All three of the reset gate have number 1: W[1], U[1] and"
            " b[1].",
            _step(_gate_of(1, 1, 0)),
            also=tuple(_step(_gate_of(*blocks)) for blocks in ((1, 0, 1), (0, 1, 1), (1, 0, 0), (0, 1, 0), (0, 0, 1))),
        ),
        Misconception(
            "bracket_missing",
            "Parentheses are missing: Python reads U[2] @ r * h_prev as (U[2] @ r) * h_prev. The filter comes first,"
            " U[2] @ (r * h_prev).",
            _step(candidate=_candidate_of(_bracket_missing)),
            "ch05-candidate-state#A bracket too few",
        ),
        Misconception(
            "candidate_block",
            "The candidate is computed with the blocks of the reset gate. Its own have number 2.",
            _step(candidate=_candidate_of(_filtered, 1)),
        ),
        Misconception(
            "gate_from_candidate_block",
            "The gate is computed with the blocks of the candidate. Those of the reset gate have number 1.",
            _step(_gate_of(2)),
            also=(_step(_gate_of(-1)),),
        ),
        Misconception(
            "one_result",
            "Only one of the two results comes back. return r, candidate gives both.",
            lambda x, h_prev, W, U, b: reset_step(x, h_prev, W, U, b)[1],
            also=(
                lambda x, h_prev, W, U, b: reset_step(x, h_prev, W, U, b)[0],
                lambda x, h_prev, W, U, b: _step(_gate_of(0), _candidate_of(_bracket_missing))(x, h_prev, W, U, b)[1],
            ),
        ),
        Misconception(
            "order",
            "The two results come back in the wrong order: first r, then the candidate.",
            lambda x, h_prev, W, U, b: reset_step(x, h_prev, W, U, b)[::-1],
        ),
        Misconception(
            "after",
            "The gate stands after the product here. That is another function; in this book's form the state is"
            " filtered first, U[2] @ (r * h_prev).",
            _step(candidate=_candidate_of(lambda U, h, r: r * (U @ h))),
            FORMS,
        ),
        Misconception(
            "ungated",
            "The candidate does not use the gate: with U[2] @ h_prev it is that of a plain recurrent network.",
            _step(candidate=_candidate_of(lambda U, h, r: U @ h)),
            THAT_FIT,
        ),
        Misconception(
            "gate_on_everything",
            "The gate multiplies the whole candidate. It acts on the old state alone: the input always enters whole.",
            _step(candidate=lambda x, h, r, W, U, b: r * np.tanh(W[2] @ x + U[2] @ h + b[2])),
            THAT_FIT,
            also=(_step(candidate=lambda x, h, r, W, U, b: np.tanh(r * (W[2] @ x + U[2] @ h + b[2]))),),
        ),
        Misconception(
            "polarity",
            "The share is taken to be 1 - r. A reset gate of 1 resets nothing: r is the share that is seen.",
            _step(candidate=_candidate_of(lambda U, h, r: U @ ((1 - r) * h))),
            IDEA,
        ),
        Misconception(
            "sigmoid_candidate",
            "The candidate ends in a sigmoid. It is content and needs a sign: that takes a tanh.",
            _step(candidate=_candidate_of(_filtered, activation=sigmoid)),
            "ch05-candidate-state#A sigmoid in place of the tanh",
        ),
        Misconception(
            "recurrent_transposed",
            "U[2] is transposed. Row i of it holds the weights into unit i; it is square, and therefore no shape warns"
            " of it.",
            _step(candidate=_candidate_of(lambda U, h, r: U.T @ (r * h))),
            THAT_FIT,
        ),
    ),
)


# Its gradient


def reset_weight_gradient(d_candidate, candidate, r, x, h_prev, U_h):
    """Gradients of a loss with respect to W_r, U_r and b_r, given that with respect to the candidate."""
    H, I = len(r), len(x)
    d_seen = U_h.T @ (d_candidate * (1 - candidate**2))
    gradient = gate_gradient(d_seen * h_prev, r, x, h_prev, np.zeros((H, I)), np.zeros((H, H)))
    return gradient.W, gradient.U, gradient.b


def _through(
    tanh_slope=lambda candidate: 1 - candidate**2,
    product=lambda U, d: U.T @ d,
    onto_gate=lambda d, h, r: d * h,
    gate_slope=lambda r: r * (1 - r),
    weights=lambda d, x, h, r: (d @ x.T, d @ h.T, d.sum(axis=1, keepdims=True)),
):
    """Make a wrong version by exchanging one of the five lines of the way back."""

    def wrong(d_candidate, candidate, r, x, h_prev, U_h):
        d_sum = d_candidate * tanh_slope(candidate)
        d_r = onto_gate(product(U_h, d_sum), h_prev, r)
        return weights(d_r * gate_slope(r), x, h_prev, r)

    return wrong


def _scaled(factor):
    def wrong(d_candidate, candidate, r, x, h_prev, U_h):
        parts = reset_weight_gradient(d_candidate, candidate, r, x, h_prev, U_h)
        return tuple(factor(x.shape[1]) * part for part in parts)

    return wrong


def _after_form(d_candidate, candidate, r, x, h_prev, U_h):
    d_a = d_candidate * (1 - candidate**2) * (U_h @ h_prev) * r * (1 - r)
    return d_a @ x.T, d_a @ h_prev.T, d_a.sum(axis=1, keepdims=True)


def _draw_gradient(rng):
    def case(name, I, H, B, weight=1, dtype=np.float64):
        x, h_prev, W_h, U_h, b_h = step_inputs(rng, I, H, B, dtype=dtype)
        r = gate(rng, H, B, dtype)
        candidate = candidate_state(x, h_prev, r, 0.5 * W_h, 0.5 * U_h, 0.5 * b_h)
        d_candidate = rng.normal(0, 2, (H, B)).astype(dtype)
        return Case(name, Call("reset_weight_gradient", (d_candidate, candidate, r, x, h_prev, U_h)), weight)

    return [
        case("one column, two inputs, three units", 2, 3, 1),
        case("a batch of four", 2, 3, 4, 2),
        case("as many inputs as units as examples", 3, 3, 3),
        case("a batch of eight in float32", 5, 2, 8, 1, np.float32),
    ]


GATE_GRADIENT = Question(
    id="ch04.gate_gradient",
    title="The gradient, through the candidate to the gate's weights",
    points=4,
    answer="reset_weight_gradient",
    reference=reset_weight_gradient,
    draw=_draw_gradient,
    returns=(Part("dW_r", "HI"), Part("dU_r", "HH"), Part("db_r", "H1")),
    page=GRADIENT,
    public_seed=3,
    hints=(
        "Go backwards, one line of the forward step at a time: the tanh, the product with `U_h`, the product"
        " `r * h_prev`, the sigmoid, and last the gate's own weights. Each line multiplies by one thing.",
        "The slope of tanh is `1 - candidate**2`; through the matrix the gradient goes with `U_h.T @`; in `r * h_prev`"
        " the gate gets the factor `h_prev`; the slope of the sigmoid is `r * (1 - r)`. The rest is as for every gate:"
        " `d_a @ x.T`, `d_a @ h_prev.T`, and a sum over the batch.",
    ),
    misconceptions=(
        Misconception(
            "no_tanh_slope",
            "The slope of the tanh is missing: between the candidate and its sum stands the factor 1 - candidate**2.",
            _through(tanh_slope=np.ones_like),
        ),
        Misconception(
            "sigmoid_slope_of_tanh",
            "candidate (1 - candidate) is the slope of a sigmoid. The candidate comes out of a tanh, whose slope is"
            " 1 - candidate**2.",
            _through(tanh_slope=lambda c: c * (1 - c)),
        ),
        Misconception(
            "tanh_slope_unsquared",
            "The slope of the tanh is 1 minus the square of its value, not 1 minus the value.",
            _through(tanh_slope=lambda c: 1 - c),
        ),
        Misconception(
            "tanh_twice",
            "The tanh is applied once more: candidate is its value already, so the slope is 1 - candidate**2 directly.",
            _through(tanh_slope=lambda c: 1 - np.tanh(c) ** 2),
        ),
        Misconception(
            "product_not_transposed",
            "Back through a product with U_h the gradient goes with U_h transposed: unit k is seen by every candidate"
            " i, with the weight U_h[i, k]. U_h is square, so no shape warns of it.",
            _through(product=lambda U, d: U @ d),
        ),
        Misconception(
            "product_skipped",
            "The product with U_h is left out. A gate acts on what all candidates see, and the gradient comes back from"
            " all of them: U_h.T @ d.",
            _through(product=lambda U, d: d),
        ),
        Misconception(
            "product_elementwise",
            "U_h is multiplied entry by entry. The way back through a product of matrices is one too, U_h.T @ d.",
            _through(product=lambda U, d: U.T * d),
            also=(_through(product=lambda U, d: U * d),),
        ),
        Misconception(
            "state_forgotten",
            "The factor h_prev is missing. In r * h_prev each factor gets the other one: where a unit holds nothing,"
            " its gate learns nothing.",
            _through(onto_gate=lambda d, h, r: d),
        ),
        Misconception(
            "own_factor",
            "In r * h_prev the gate got itself as a factor. Each factor gets the other one: r gets h_prev.",
            _through(onto_gate=lambda d, h, r: d * r),
        ),
        Misconception(
            "seen_for_state",
            "The gate got r * h_prev as a factor. In a product each factor gets the other one, which is h_prev alone.",
            _through(onto_gate=lambda d, h, r: d * r * h),
        ),
        Misconception(
            "no_gate_slope",
            "The slope of the sigmoid is missing: between the gate and its sum stands the factor r (1 - r).",
            _through(gate_slope=np.ones_like),
        ),
        Misconception(
            "tanh_slope_of_sigmoid",
            "1 - r**2 is the slope of a tanh. The gate comes out of a sigmoid, whose slope is r (1 - r).",
            _through(gate_slope=lambda r: 1 - r**2),
        ),
        Misconception(
            "half_a_gate_slope",
            "The slope of the sigmoid lacks a factor: it is r (1 - r).",
            _through(gate_slope=lambda r: 1 - r),
            also=(_through(gate_slope=lambda r: r),),
        ),
        Misconception(
            "after_form",
            "This is the gradient of the other form, with the gate after the product: there each gate gets its own"
            " candidate's U_h @ h_prev. Before the product, the gate of a unit is felt by all candidates.",
            _after_form,
            FORMS,
        ),
        Misconception(
            "seen_in_dU",
            "dU_r is built with r * h_prev. U_r is multiplied by the whole old state: the gate itself looks at h_prev"
            " ungated.",
            _through(weights=lambda d, x, h, r: (d @ x.T, d @ (r * h).T, d.sum(axis=1, keepdims=True))),
        ),
        Misconception(
            "recurrent_transposed",
            "dU_r is transposed: h_prev @ d_a.T has the gradient of U_r[i, j] at place [j, i]. U_r is square, so no"
            " shape warns of it.",
            _through(weights=lambda d, x, h, r: (d @ x.T, h @ d.T, d.sum(axis=1, keepdims=True))),
        ),
        Misconception(
            "input_transposed",
            "dW_r is transposed. Entry [i, j] belongs to unit i and input j: d_a @ x.T, not x @ d_a.T.",
            _through(weights=lambda d, x, h, r: (x @ d.T, d @ h.T, d.sum(axis=1, keepdims=True))),
            also=(_through(weights=lambda d, x, h, r: (x @ d.T, h @ d.T, d.sum(axis=1, keepdims=True))),),
        ),
        Misconception(
            "order",
            "dW_r and dU_r come back in the wrong order: return dW_r, then dU_r, then db_r.",
            _through(weights=lambda d, x, h, r: (d @ h.T, d @ x.T, d.sum(axis=1, keepdims=True))),
        ),
        Misconception(
            "bias_not_summed",
            "db_r is not summed over the batch. Every example adds the same bias, so their gradients add up:"
            " d_a.sum(axis=1, keepdims=True).",
            _through(weights=lambda d, x, h, r: (d @ x.T, d @ h.T, d)),
        ),
        Misconception(
            "bias_mean",
            "db_r is averaged over the batch. The loss is that of the whole batch, so the examples add up: sum, not"
            " mean.",
            _through(weights=lambda d, x, h, r: (d @ x.T, d @ h.T, d.mean(axis=1, keepdims=True))),
        ),
        Misconception(
            "bias_summed_over_units",
            "db_r is summed over the units, axis 0. Each unit has a bias of its own; the sum runs over the batch,"
            " axis 1.",
            _through(weights=lambda d, x, h, r: (d @ x.T, d @ h.T, d.sum(axis=0, keepdims=True))),
            also=(
                _through(weights=lambda d, x, h, r: (d @ x.T, d @ h.T, d.sum(axis=0))),
                _through(weights=lambda d, x, h, r: (d @ x.T, d @ h.T, d.sum())),
            ),
        ),
        Misconception(
            "batch_mean",
            "The gradients are averaged over the batch. The loss is that of the whole batch, so the contributions of"
            " the examples add up.",
            _scaled(lambda B: 1 / B),
        ),
        Misconception(
            "sign",
            "Every sign is turned around. The gradient points uphill; the minus comes later, when a step is taken.",
            _scaled(lambda B: -1),
        ),
    ),
)


# A count with weights set by hand


def counting_gates():
    """One right answer of many: both lines open the update gate, the mark closes the reset gate."""
    return np.array([[24.0, 24.0]]), np.array([[-12.0]]), np.array([[0.0, -24.0]]), np.array([[12.0]])


NO_COUNT = -1e6
"""What stands for a state that is no whole number."""


def counted(value, case):
    """Run a cell with these gates over the pulses and marks of a case.

    The candidate is what is seen of the old state, plus 1 for a pulse. Returns
    the state after each step where it is a whole number to within 0.1.
    """
    W_z, b_z, W_r, b_r = (np.asarray(part, dtype=np.float64) for part in value)
    h, lines = case.given
    columns = np.transpose(lines)
    z, r = sigmoid(W_z @ columns + b_z).ravel(), sigmoid(W_r @ columns + b_r).ravel()
    states = []
    for (pulse, _), update, reset in zip(lines, z, r, strict=True):
        h = (1 - update) * h + update * (reset * h + pulse)
        states.append(h)
    whole = np.round(states)
    return np.where(np.abs(states - whole) < 0.1, whole + 0.0, NO_COUNT)


def _draw_count(rng):
    def case(name, start, pulses, marks, weight=1):
        lines = tuple((float(p), float(m)) for p, m in zip(pulses, marks, strict=True))
        return Case(name, Call("counting_gates"), weight, (float(start), lines))

    few = int(rng.integers(3, 8))
    pulses = (rng.random(60) < 0.6).astype(float)
    marks = np.zeros(60)
    marks[rng.choice(np.arange(10, 55), 3, replace=False)] = 1
    pulses[marks == 1] = [0, 1, 0]
    return [
        case("pulses, then a mark, then two pulses", 0, [*np.ones(few), 0, 1, 1], [*np.zeros(few), 1, 0, 0]),
        case("quiet steps between the pulses", 0, [1, 0, 0, 1, 0, 0, 0, 1], [0, 0, 0, 0, 0, 1, 0, 0]),
        case("a pulse and a mark in the same step", few, [1, 1, 0, 1], [0, 1, 0, 0]),
        case("a count of thirty that is held, then reset", 30, [*np.zeros(40), 0, 1], [*np.zeros(40), 1, 0]),
        case("sixty steps at random", few, pulses, marks, 2),
    ]


LINES = {"quiet": (0, 0), "pulse": (1, 0), "mark": (0, 1), "both": (1, 1)}


def counting_fault(weights):
    """Say in a word what is wrong with the gates of a count; the worst comes first.

    Parameters
    ----------
    weights : tuple of numpy.ndarray
        ``(W_z, b_z, W_r, b_r)`` of the shapes (1, 2), (1, 1), (1, 2) and (1, 1).

    Returns
    -------
    str
        Id of a misconception; "" if nothing is.
    """
    fault = _first_fault(*weights)
    # In a count that goes wrong, gates that would be right in each other's place are rather that than two mistakes.
    return "exchanged" if fault and not _first_fault(*weights[2:], *weights[:2]) else fault


def _first_fault(update, update_bias, reset, reset_bias):
    weights = update, update_bias, reset, reset_bias
    z = {name: (update @ np.array(line) + update_bias).item() for name, line in LINES.items()}
    r = {name: (reset @ np.array(line) + reset_bias).item() for name, line in LINES.items()}
    faults = {
        "nothing": not any(np.any(part) for part in weights),
        "reset_polarity": r["mark"] > 0 > r["quiet"],
        "resets_always": r["quiet"] <= 0 and r["mark"] <= 0,
        "resets_at_the_other_line": r["pulse"] <= 0 < min(r["mark"], r["quiet"]),
        "resets_never": r["mark"] >= 0,
        "resets_at_pulses": r["pulse"] <= 0,
        "pulse_hides_mark": r["both"] >= 0,
        "reset_not_written": z["mark"] <= 0,
        "pulse_not_written": z["pulse"] <= 0 or z["both"] <= 0,
        "too_weak": min(z["pulse"], z["mark"], z["both"]) < 6
        or min(r["pulse"], -r["mark"], -r["both"]) < 8
        or (r["quiet"] < 10 and z["quiet"] > -10),
    }
    return next((name for name, found in faults.items() if found), "")


def _counting(id, sentence, update, update_bias, reset, reset_bias, page=""):
    weights = np.array([update]), np.array([[update_bias]]), np.array([reset]), np.array([[reset_bias]])
    return Misconception(id, sentence, lambda: weights, page, fits=lambda value: counting_fault(value) == id)


COUNT_GATES = Question(
    id="ch04.counter",
    title="A count that starts anew, with gates set by hand",
    points=4,
    answer="counting_gates",
    reference=counting_gates,
    draw=_draw_count,
    returns=(Part("W_z", "HI"), Part("b_z", "H1"), Part("W_r", "HI"), Part("b_r", "H1")),
    kind="behaviour",
    behaviour=Behaviour(counted, Part("the count", "T"), {NO_COUNT: "no whole number"}),
    page=COUNT,
    hints=(
        "For each of the four things that can happen in a step (nothing, a pulse, a mark, both), write down where r and"
        " z must stand. In which of them does z not matter?",
        "The reset gate must be open unless there is a mark: a large positive bias, and a larger negative weight for"
        " the mark. The update gate must be open at a pulse *and* at a mark: a reset that is not written is no reset."
        " To hold 30 for forty steps, the gate that holds it must be within about 0.00005 of its limit.",
    ),
    misconceptions=(
        _counting(
            "nothing",
            "All weights are 0, so both gates stand at 1/2 whatever happens. The reset gate must listen to the mark,"
            " and the update gate must be open where something is to be written.",
            [0.0, 0.0],
            0.0,
            [0.0, 0.0],
            0.0,
        ),
        _counting(
            "reset_polarity",
            "The reset gate is open at a mark and closed without one. A reset happens where r is small: the mark's"
            " weight must be negative and the bias positive.",
            [24.0, 24.0],
            -12.0,
            [0.0, 24.0],
            -12.0,
            IDEA,
        ),
        _counting(
            "resets_always",
            "The reset gate is closed at every step, so no candidate ever sees the old count, and each pulse starts at"
            " 1 again. A positive bias opens it while there is no mark.",
            [24.0, 24.0],
            -12.0,
            [0.0, 0.0],
            -12.0,
        ),
        _counting(
            "exchanged",
            "The two gates have changed places. The update gate's weights come first: return W_z, b_z, W_r, b_r.",
            [0.0, -24.0],
            12.0,
            [24.0, 24.0],
            -12.0,
        ),
        _counting(
            "resets_at_the_other_line",
            "The reset gate listens to the pulse, the first line, in place of the mark, the second: the negative"
            " weight belongs into W_r[0, 1].",
            [24.0, 24.0],
            -12.0,
            [-24.0, 0.0],
            12.0,
        ),
        _counting(
            "resets_never",
            "The reset gate stays open at a mark, so the candidate still contains the old count. The mark needs a"
            " negative weight in W_r that outweighs the bias.",
            [24.0, 24.0],
            -12.0,
            [0.0, 0.0],
            12.0,
        ),
        _counting(
            "resets_at_pulses",
            "The reset gate closes at pulses too, so every pulse forgets those before it. W_r[0, 0], the weight of the"
            " pulse, can be 0.",
            [24.0, 24.0],
            -12.0,
            [-24.0, -24.0],
            12.0,
        ),
        _counting(
            "pulse_hides_mark",
            "At a step with both a mark and a pulse, the pulse keeps the reset gate open, and the old count survives."
            " W_r[0, 0], the weight of the pulse, can be 0.",
            [24.0, 24.0],
            -12.0,
            [24.0, -24.0],
            12.0,
        ),
        _counting(
            "reset_not_written",
            "The update gate is shut at a mark without a pulse. The reset gate closes, the candidate is 0, and nobody"
            " writes it: a reset that is not written is no reset. W_z[0, 1] must open the update gate too.",
            [24.0, 0.0],
            -12.0,
            [0.0, -24.0],
            12.0,
            ERASES,
        ),
        _counting(
            "pulse_not_written",
            "The update gate is shut at pulses, so they are not counted. W_z[0, 0] must be positive and outweigh the"
            " bias.",
            [0.0, 24.0],
            -12.0,
            [0.0, -24.0],
            12.0,
        ),
        _counting(
            "too_weak",
            "The idea is right and the numbers are too small: a gate that is only nearly open loses a little of the"
            " count at every step, and one that is only nearly closed leaves a little of it. The sigmoid comes near to"
            " 0 and 1 only far from the middle.",
            [6.0, 6.0],
            -2.0,
            [0.0, -8.0],
            4.0,
        ),
    ),
)


# Reading two gates


def _draw_reading(rng):
    return [Case("the choice", Call("what_the_gates_say"))]


READING = Question(
    id="ch04.reading",
    title="Reading two gates",
    points=1,
    answer="what_the_gates_say",
    reference=lambda: "c",
    draw=_draw_reading,
    returns=(Part("the choice"),),
    kind="choice",
    choices={
        "a": "Unit 2 lost what it remembered.",
        "b": "Unit 2 began anew from the input.",
        "c": "Unit 2 kept its value, and no candidate of the layer could see that value.",
        "d": "Unit 2 kept its value; its own candidate could not see it, those of the other units could.",
    },
    page=ERASES,
    hints=(
        "The update gate says what became of the value, the reset gate who could see it. Take them one at a time.",
        "In $\\sum_k (U_h)_{ik}\\, r_k\\, h_k$ the value of unit 2 comes with $r_2$, whichever unit $i$ looks at it.",
    ),
    misconceptions=(
        Misconception(
            "erases",
            "A closed reset gate hides the value from the candidates and leaves it where it is. What is overwritten is"
            " up to the update gate, and that was shut.",
            lambda: "a",
            f'{STEM}#"The reset gate erases the memory"',
        ),
        Misconception(
            "reset_alone",
            "A fresh start needs both gates: r near 0, so that the candidate sees the input alone, and z near 1, so"
            " that it is written. Here z was near 0.",
            lambda: "b",
        ),
        Misconception(
            "own_candidate_only",
            "That is the form with the gate after the product. In this book's form the gate stands at the value that is"
            " looked at, so it hides it from the candidates of all units.",
            lambda: "d",
            FORMS,
        ),
    ),
)


ASSIGNMENT = Assignment(
    stem=STEM,
    title="The reset gate",
    questions=(RESET_GATE, SEEN, BOTH_FORMS, FRESH_STARTS, REPAIR, GATE_GRADIENT, COUNT_GATES, READING),
    minutes=60,
    difficulty="from easy (1, 2, 8) to demanding (6, 7)",
    trains="You write the reset gate, tell its two places apart, follow its gradient and make a unit start anew.",
    next_step="The quiz at the end of the chapter asks what such gates do and what they leave alone.",
)
