"""A sandbox payment gateway that speaks VNPAY PAY API 2.1.0."""
