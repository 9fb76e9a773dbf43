import pytest

# The suite is no test module itself, and yet its asserts should say what was compared.
pytest.register_assert_rewrite("tests.hosts.contract")
