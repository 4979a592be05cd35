import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spamlab._otsu import otsu


@given(st.lists(st.integers(0, 40), min_size=2, max_size=20).filter(lambda values: len(set(values)) > 1))
def test_no_other_split_leaves_less_variance_in_its_groups(values):
    values = np.array(values) / 7
    cuts = np.unique(values)
    inside = {c: sum(v.var() * v.size for v in (values[values <= c], values[values > c])) for c in cuts[:-1]}
    assert inside[otsu(values)] == pytest.approx(min(inside.values()))


def test_the_threshold_is_the_top_of_the_lower_group():
    assert otsu([1, 2, 1, 90, 101, 2]) == 2
    assert otsu([[0, 5], [5, 5]]) == 0


@pytest.mark.parametrize("value", [-3.0, 0, 7])
def test_equal_values_all_lie_in_the_upper_group(value):
    assert otsu([value]) == otsu(np.full((2, 5), value)) == -np.inf
