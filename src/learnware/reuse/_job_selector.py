"""The job selector: every row is answered by the one learnware that knows its region best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.reuse._base import check_count
from learnware.reuse._combined import CombinedReuser
from learnware.reuse._density import density_bandwidth, mixture_weights, routing_posterior
from learnware.reuse._inputs import take
from learnware.reuse._outputs import ask_each, output_space
from learnware.reuse._spaces import in_space
from learnware.specification._metric import KernelMetric

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from learnware.learnware import Learnware

__all__ = ["JobSelectorReuser"]


class JobSelectorReuser(CombinedReuser):
    """Send every row to the learnware that most probably knows it.

    The published job selector samples points of the mixture of learnwares by kernel herding and trains a classifier on
    which learnware a point came from. What this classifier estimates is p(i | x) ~ w_i p_i(x), and with reduced sets
    that is known in closed form: w_i sum_m beta_im k(z_im, x), under the bandwidth at which the reduced sets describe a
    density best. (Wu, Xu, Liu, Zhou: Model Reuse with Reduced Kernel Mean Embedding Specification, TKDE 35(1), 2023;
    Mansour, Mohri, Rostamizadeh, 2009.)

    Parameters
    ----------
    learnware_list : list of Learnware, optional
        Learnwares with specifications of the data's kind in one space.
    herding_num : int, default=1000
        Number of points that the published package samples. The closed form is the limit of infinitely many, so the
        number has no effect.
    use_herding : bool, default=True
        Whether learnwares count by their weights in the mixture that the user's data are, as points sampled by herding
        do. Otherwise they count equally.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, after a prediction of classes.
    """

    def __init__(
        self, learnware_list: list[Learnware] | None = None, herding_num: int = 1000, use_herding: bool = True
    ) -> None:
        super().__init__(learnware_list)
        self.herding_num = herding_num
        self.use_herding = use_herding

    def job_selector(self, user_data: Any) -> NDArray[np.intp]:
        """Return for every row the position in `learnware_list` of the learnware that answers it.

        Parameters
        ----------
        user_data : array, data frame or tensor of shape (n_samples, ...), or list of str

        Returns
        -------
        ndarray of shape (n_samples,), int

        Raises
        ------
        ReuseError
            If the learnwares have no specification of data of this kind in a space that they share.
        """
        check_count("herding_num", self.herding_num)
        learnwares, data = self._learnwares(), self._input(user_data)
        if len(learnwares) == 1:
            return np.zeros(len(data), dtype=np.intp)
        X, specs = in_space(learnwares, data)
        weights = np.full(len(specs), 1.0 / len(specs))
        metric = KernelMetric.estimate(specs)
        if self.use_herding:
            weights = mixture_weights(X, specs, metric)
        gamma = density_bandwidth(specs, metric.scale)
        choice: NDArray[np.intp] = routing_posterior(X, specs, weights, metric.scale, gamma).argmax(axis=1)
        return choice

    def _rows(self, user_data: Any) -> NDArray[np.float64]:
        learnwares, data = self._learnwares(), self._input(user_data)
        choice = self.job_selector(data)
        jobs = [np.flatnonzero(choice == number) for number in range(len(learnwares))]
        # A learnware without a job answers one row, which shows what it answers.
        parts = [take(data, job if len(job) else np.array([0])) for job in jobs]
        outputs = ask_each(learnwares, parts)
        self._set_space(output_space(learnwares, outputs))
        encoded = [self._space.encode_one(number, output) for number, output in enumerate(outputs)]
        rows = np.empty((len(choice), encoded[0].shape[1]))
        for job, part in zip(jobs, encoded, strict=True):
            rows[job] = part[: len(job)]
        self.report_ = self._report(np.array([len(job) / len(choice) for job in jobs]))
        return rows
