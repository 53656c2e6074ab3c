"""What is made to go wrong, a function a scenario; `tests.chaos.plan` has their order and sizes."""
