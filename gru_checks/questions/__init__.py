"""The questions, one module an assignment. They hold the answers: nothing that runs a submission imports them."""
