"""The command gru-grader: nothing but its start, so that Ctrl-C is understood before anything is imported."""

import sys

ALL_GRADED, SOME_NOT_GRADABLE, UNUSABLE, GRADER_FAILED, STOPPED = 0, 1, 2, 3, 130
"""Exit statuses."""


def main(arguments=None, assignments=None):
    """Run the command, and end with a sentence when it is stopped.

    Parameters
    ----------
    arguments : list of str, optional
        By default those of the command line.
    assignments : sequence of gru_checks.registry.Assignment, optional
        By default those of the course.

    Returns
    -------
    int
        Exit status.
    """
    try:
        return _command().run(arguments, assignments)
    except KeyboardInterrupt:
        print("gru-grader: stopped; the same command goes on.", file=sys.stderr)
        return STOPPED


def _command():
    """Import what does the work; Ctrl-C meanwhile ends the process at once, for an import may make an error of it."""
    import os
    import signal

    def stop(number, frame):
        os.write(2, b"gru-grader: stopped before it began.\n")
        os._exit(STOPPED)

    # Whoever ignores Ctrl-C, such as a shell for what runs in the background, has it ignored here too.
    asked = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if asked:
        signal.signal(signal.SIGINT, stop)
    from gru_grader import command

    if asked:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    return command


if __name__ == "__main__":
    sys.exit(main())
