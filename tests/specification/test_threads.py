"""The limit of BLAS threads during small products."""

from threadpoolctl import threadpool_info, threadpool_limits

from learnware.specification._reduction import workers
from learnware.specification._threads import single_threaded_blas


def blas_threads():
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


def test_the_limit_holds_inside_and_is_lifted_after_the_last_block():
    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        first, second = single_threaded_blas(), single_threaded_blas()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert set(blas_threads()) == {1}
        second.__exit__(None, None, None)
        assert blas_threads() == before


def test_a_reduction_and_a_search_that_overlap_leave_the_limit_as_it_was():
    with threadpool_limits(2, user_api="blas"):
        reduction, search = workers(), single_threaded_blas()
        reduction.__enter__()
        search.__enter__()
        reduction.__exit__(None, None, None)
        assert set(blas_threads()) == {1}
        search.__exit__(None, None, None)
        assert set(blas_threads()) == {2}
