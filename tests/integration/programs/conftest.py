"""The sandbox gateway and a merchant at it, for the tests of the gateway."""

from collections.abc import Iterator

import pytest

from tests.integration.programs.sandbox_merchant import Gateway, Merchant, Shop, running_shop


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One gateway and one merchant for all tests of a file."""
    with running_shop(tmp_path_factory.mktemp("gateway")) as shop:
        yield shop


@pytest.fixture
def shop(shared: Shop) -> Shop:
    """Both, as if nothing had been yet."""
    return shared.reset()


@pytest.fixture
def gateway(shop: Shop) -> Gateway:
    """The gateway, as a payer and a merchant meet it."""
    return shop.gateway


@pytest.fixture
def merchant(shop: Shop) -> Merchant:
    """The merchant that it calls back."""
    return shop.merchant
