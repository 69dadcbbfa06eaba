"""The registry: what contradicts itself is refused, with all that is wrong."""

import dataclasses
import re

import numpy as np
import pytest

from gru_checks.calling import Call
from gru_checks.question import Case, Misconception, Part, Question
from gru_checks.registry import Assignment, RegistryError, assignment, assignments, question, validate

QUESTION = Question(
    id="ch99.one",
    title="One",
    points=10,
    answer="one",
    reference=lambda: 1,
    draw=lambda rng: [Case("the only one", Call("one"))],
    returns=(Part("y", ""),),
    hints=("first", "second"),
    page="ch99-one#The idea",
)
CHOICE = dataclasses.replace(
    QUESTION,
    id="ch99.two",
    answer="two",
    kind="choice",
    points=1,
    reference=lambda: "a",
    draw=lambda rng: [Case("the choice", Call("two"))],
    choices={"a": "A.", "b": "B."},
    misconceptions=(Misconception("b", "Not b.", lambda: "b"),),
)


def faults(*questions, **more):
    with pytest.raises(RegistryError) as raised:
        validate([holding(*questions, **more)])
    return str(raised.value)


def holding(*questions, stem="ch99-one", **more):
    return Assignment(stem, "One", questions, 5, "easy", "It trains.", "Go on.", **more)


def changed(**changes):
    return dataclasses.replace(QUESTION, **changes)


def test_what_is_sound_passes():
    validate([holding(QUESTION, CHOICE)])
    validate([holding(changed(kind="value", draw=given(3, 0.5, "keep"), reference=lambda I, rate, polarity: I))])
    steps = [Case("a", Call("one", (), steps=(("up", ()),)))]
    validate([holding(changed(kind="class", draw=lambda rng: steps, reference=Up))])


def test_the_course_itself_is_sound():
    assert {found.stem for found in assignments()} >= {"ch03-update-gate"}
    assert assignment("ch03-update-gate").points == 20
    assert question("ch03.latch").answer == "latch_weights"


def two_cases(names, weights=(1, 1)):
    return lambda rng: [Case(name, Call("one"), weight) for name, weight in zip(names, weights, strict=True)]


def given(*arguments):
    return lambda rng: [Case("the only one", Call("one", arguments))]


class Up:
    def up(self):
        return 1


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        (changed(id="One"), "the id must be chapter.name"),
        (changed(answer="not a name"), "is not a name"),
        (changed(points=0), "points must be a positive whole number"),
        (changed(points=1.5), "points must be a positive whole number"),
        (changed(kind="riddle"), "the kind 'riddle' is none of"),
        (changed(kind="behaviour"), "needs to say how it is observed"),
        (changed(returns=()), "it must say what it returns"),
        (changed(hints=("only one",)), "two hints are needed"),
        (changed(hints=("one", "")), "two hints are needed"),
        (changed(page="somewhere"), "must be stem#heading"),
        (changed(misconceptions=(Misconception("m", "Why.", min, "nowhere"),)), "must be stem#heading"),
        (changed(misconceptions=(Misconception("m", "no sentence", min),)), "a whole sentence is needed"),
        (changed(misconceptions=(Misconception("m", "A.", min), Misconception("m", "B.", max))), "the same id"),
        (changed(draw=lambda rng: []), "it draws no case"),
        (changed(draw=lambda rng: [Case("a", Call("other"))]), "every case must call one"),
        (changed(draw=two_cases("ab", (1, 0))), "a positive weight"),
        (changed(draw=two_cases("aa")), "two cases have the same name"),
        (changed(reference=lambda: [1, 2]), "y has 1 axes in the case of the only one, not 0"),
        (changed(returns=(Part("u", ""), Part("v", "")), reference=lambda: (1, 2, 3)), "the reference returns 3 parts"),
        (changed(choices={"a": "A."}), "choices belong to the kind"),
        (changed(kind="value", draw=given(np.ones(2)), reference=lambda a: 1), "from given numbers, not from arrays"),
        (changed(kind="class"), "the cases of a class, and no others, say which methods are called"),
        (
            changed(draw=lambda rng: [Case("a", Call("one", (), steps=(("up", ()),)))], reference=Up),
            "the cases of a class",
        ),
        (dataclasses.replace(CHOICE, reference=lambda: "c"), "the right choice 'c' is none of its choices"),
        (dataclasses.replace(CHOICE, misconceptions=()), "each wrong choice needs one misconception"),
    ],
)
def test_a_question_that_contradicts_itself_is_refused(question, sentence):
    assert sentence in faults(question)


@pytest.mark.parametrize("stem", ["", "../results", "a/b", ".a", "-a", "a b", "a.b", "\u00e4"])
def test_a_stem_is_the_name_of_a_notebook(stem):
    with pytest.raises(RegistryError, match="the stem must be the name of a notebook"):
        validate([dataclasses.replace(holding(QUESTION), stem=stem)])


def test_a_question_of_an_exam_needs_no_page():
    validate([holding(changed(page=""))])


def test_names_are_unique():
    assert "the question id 'ch99.one' occurs twice, in ch99-one: give it another" in faults(
        QUESTION, changed(answer="other")
    )
    assert "the answer of ch99-one 'one' occurs twice" in faults(QUESTION, changed(id="ch99.other"))
    with pytest.raises(RegistryError, match="the stem 'ch99-one' occurs twice"):
        validate([holding(QUESTION), holding(changed(id="ch99.other"))])


def test_choices_are_at_most_fifteen_percent_of_the_points():
    assert "2 of 12 points by choosing, more than 15%" in faults(QUESTION, dataclasses.replace(CHOICE, points=2))


def test_an_assignment_needs_questions_and_known_imports():
    assert "it has no question" in faults()
    for package in ("os", "gru_checks"):
        assert "imports may name gru_ref alone" in faults(QUESTION, imports=(package,))


def test_an_answer_may_use_earlier_answers_alone():
    using = changed(id="ch99.three", answer="three", uses=("ch99.one",))
    validate([holding(QUESTION, dataclasses.replace(using, draw=lambda rng: [Case("the only one", Call("three"))]))])
    assert "ch99.three uses ch99.one, which is no question before it" in faults(using, QUESTION)


def test_all_faults_are_told_at_once():
    assert len(faults(changed(points=0, kind="riddle", hints=())).splitlines()) == 3


def test_what_an_assignment_allows_reaches_its_questions():
    assert holding(QUESTION, imports=("gru_ref",)).questions[0].imports == ("gru_ref",)
    assert holding(QUESTION).questions[0].imports == ()


def test_an_unknown_name_says_what_there_is():
    with pytest.raises(KeyError, match=re.escape("ch03-update-gate")):
        assignment("ch98-nothing")
    with pytest.raises(KeyError, match="no question 'ch98.nothing'"):
        question("ch98.nothing")
