"""Runs the payment service."""

import services.chassis.patched  # noqa: F401 – first

# isort: split
from services.chassis.runner import run
from services.payment.service import PaymentService
from services.payment.settings import PaymentSettings
from services.payment.wiring import wire

run(PaymentService, PaymentSettings, wire)
