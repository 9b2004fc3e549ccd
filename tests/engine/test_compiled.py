"""Numba's cache is an extra: where nothing can be written, loops are compiled all the same."""

from numba.core import caching

from boardbench.engine.compiled import compiled


def test_without_a_place_for_the_cache_loops_are_compiled_all_the_same(monkeypatch):
    def double(value):
        return 2 * value

    for kind in vars(caching).values():  # every kind of cache
        if isinstance(kind, type) and getattr(kind, "_locator_classes", None):
            monkeypatch.setattr(kind, "_locator_classes", [])
    assert compiled()(double)(21) == 42
