"""Servers die and services are restarted in the middle of many dossiers: the sum closes, and nobody is told twice."""

from typing import Final

import pytest

from deploy.local.composition import DOORS, SERVICES
from deploy.local.stack import Stack
from tests.integration.crowd import Crowd, PatientTown, insist_closed, plots

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]
_DOSSIERS: Final = 200
_RESTARTED_OVER: Final = 50


def test_broker_and_database_killed_in_the_middle_of_200_dossiers_cost_none(
    stack: Stack, patient_town: PatientTown
) -> None:
    crowd = Crowd(patient_town, plots(patient_town, _DOSSIERS))
    for third, server in enumerate(("rabbitmq", "mongodb"), 1):
        crowd.await_told(third * _DOSSIERS // 3)
        stack.kill(server)
        stack.wait_ready([server])
    insist_closed(patient_town, crowd)


def test_every_program_restarted_under_load_loses_nothing(stack: Stack, patient_town: PatientTown) -> None:
    crowd = Crowd(patient_town, plots(patient_town, _RESTARTED_OVER))
    crowd.await_told(1)
    for program in (*SERVICES, *DOORS):
        stack.restart(program)
    insist_closed(patient_town, crowd)
