"""The table specification as an object and as a file."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learnware.errors import IncompatibleSpecificationError, SpecificationError
from learnware.specification import (
    ReductionReport,
    RKMEStatSpecification,
    RKMETableSpecification,
    generate_rkme_table_spec,
    generate_stat_spec,
    stat_specification_class,
)

if TYPE_CHECKING:
    from pathlib import Path


def make(seed: int = 0, n: int = 200, d: int = 3, **kwargs: object) -> RKMETableSpecification:
    return generate_rkme_table_spec(
        np.random.default_rng(seed).normal(size=(n, d)),
        reduced_set_size=15,
        **kwargs,  # type: ignore[arg-type]
    )


def weighted(seed: int, K: int = 6, d: int = 3) -> RKMETableSpecification:
    rng = np.random.default_rng(seed)
    states = {"z": rng.normal(size=(K, d)).tolist(), "beta": rng.dirichlet(np.ones(K)).tolist(), "gamma": 0.1}
    return RKMETableSpecification.from_states(states)


GOOD = {"z": [[0.0, 1.0], [2.0, 3.0]], "beta": [0.25, 0.75], "gamma": 0.1, "num_points": 9}


class TestAlgebra:
    @given(st.integers(0, 1000))
    def test_distance_is_a_squared_metric(self, seed: int) -> None:
        P, Q, R = weighted(seed), weighted(seed + 1), weighted(seed + 2)
        assert P.dist(P) == pytest.approx(0.0, abs=1e-12)
        assert P.dist(Q) == pytest.approx(Q.dist(P), rel=1e-12)
        assert P.dist(Q) > 0
        root = lambda A, B: np.sqrt(max(0.0, A.dist(B)))  # noqa: E731
        assert root(P, R) <= root(P, Q) + root(Q, R) + 1e-9
        assert P.dist(Q, omit_term1=True) == pytest.approx(P.dist(Q) - P.inner_prod(P))

    @given(st.integers(0, 1000))
    def test_order_of_points_is_of_no_consequence(self, seed: int) -> None:
        P, Q = weighted(seed), weighted(seed + 1)
        order = np.random.default_rng(seed).permutation(6)
        shuffled = RKMETableSpecification.from_states({"z": P.z[order], "beta": P.beta[order], "gamma": 0.1})
        assert shuffled.inner_prod(Q) == pytest.approx(P.inner_prod(Q), rel=1e-12)

    def test_other_columns_do_not_compare(self) -> None:
        with pytest.raises(IncompatibleSpecificationError, match="3 and 4"):
            weighted(0).inner_prod(weighted(0, d=4))

    def test_herding_takes_points_in_proportion_to_their_weights(self) -> None:
        spec = RKMETableSpecification.from_states({**GOOD, "z": [[0.0, 0.0], [90.0, 0.0]]})
        drawn = spec.herding(40)
        assert drawn.shape == (40, 2)
        assert (drawn[:, 0] == 90.0).sum() == 30
        assert spec.herding(0).shape == (0, 2)
        with pytest.raises(SpecificationError):
            spec.herding(-1)

    def test_published_figures(self, published_tables: Path) -> None:
        folder = published_tables
        for case in json.loads((folder / "expected.json").read_text()).values():
            specs = [RKMETableSpecification() for _ in case["files"]]
            for spec, name in zip(specs, case["files"], strict=True):
                assert spec.load(str(folder / name)) is True
            user = RKMETableSpecification()
            user.load(str(folder / case["user"]["file"]))
            np.testing.assert_allclose([[P.inner_prod(Q) for Q in specs] for P in specs], case["inner_prod"], rtol=1e-6)
            np.testing.assert_allclose([[P.dist(Q) for Q in specs] for P in specs], case["dist"], rtol=1e-6, atol=1e-12)
            np.testing.assert_allclose([P.inner_prod(user) for P in specs], case["user"]["inner_prod"], rtol=1e-6)
            assert user.inner_prod(user) == pytest.approx(case["user"]["self"], rel=1e-6)


class TestFiles:
    @settings(max_examples=10)
    @given(st.integers(0, 1000), st.integers(1, 60), st.integers(1, 4))
    def test_saved_and_loaded_is_the_same(self, tmp_path_factory, seed: int, n: int, d: int) -> None:
        spec = make(seed, n, d)
        path = tmp_path_factory.mktemp("spec") / "stat.json"
        spec.save(str(path))
        loaded = RKMETableSpecification()
        assert loaded.load(str(path)) is True
        np.testing.assert_array_equal(loaded.z, spec.z)
        np.testing.assert_array_equal(loaded.beta, spec.beta)
        assert (loaded.gamma, loaded.num_points, loaded.type) == (0.1, n, "RKMETableSpecification")
        assert loaded.report == spec.report
        assert loaded.to_json() == spec.to_json() == path.read_text()

    def test_the_file_has_the_published_keys(self) -> None:
        states = json.loads(make().to_json())
        assert set(states) == {"z", "beta", "gamma", "num_points", "type", "report"}
        assert states["type"] == "RKMETableSpecification"
        assert states["gamma"] == 0.1
        assert set(states["report"]) == set(ReductionReport.__dataclass_fields__)

    def test_saving_replaces_whole_files_only(self, tmp_path: Path) -> None:
        path = tmp_path / "stat.json"
        make().save(path)
        before = path.read_text()
        with pytest.raises(SpecificationError, match="empty"):
            RKMETableSpecification().save(path)
        broken = make()
        broken.gamma = float("nan")
        with pytest.raises(ValueError, match="JSON"):
            broken.save(path)
        assert path.read_text() == before
        assert [entry.name for entry in tmp_path.iterdir()] == ["stat.json"]

    def test_missing_keys_that_do_not_matter_and_unknown_ones(self) -> None:
        spec = RKMETableSpecification.from_states({**GOOD, "cuda_idx": -1, "device": "cpu", "new": {"a": 1}})
        assert spec.num_points == 9
        assert spec.report is None
        assert "report" not in spec.get_states()
        assert "new" not in spec.get_states()
        assert RKMETableSpecification.from_states({key: GOOD[key] for key in ("z", "beta", "gamma")}).num_points == 0

    @pytest.mark.parametrize(
        "change",
        [{"mmd2": "low"}, {"mmd2": None}, {"kernel_scale": "wide"}, {"kernel_scale": [1.0, "x"]}, {"missing": []}],
    )
    def test_a_broken_report_is_left_out(self, change: dict[str, object]) -> None:
        report = json.loads(make().to_json())["report"]
        assert RKMETableSpecification.from_states({**GOOD, "report": report}).report is not None
        assert RKMETableSpecification.from_states({**GOOD, "report": {**report, **change}}).report is None
        assert RKMETableSpecification.from_states({**GOOD, "report": {"mmd2": 1.0}}).report is None

    def test_the_legacy_name_is_the_same_specification(self, tmp_path: Path) -> None:
        (tmp_path / "stat.json").write_text(json.dumps({**GOOD, "type": "RKMEStatSpecification"}))
        for cls in (stat_specification_class("RKMEStatSpecification"), RKMETableSpecification):
            spec = cls()
            spec.load(str(tmp_path / "stat.json"))
            assert spec.type == "RKMETableSpecification"
        assert RKMEStatSpecification.from_states(GOOD).type == "RKMETableSpecification"

    @pytest.mark.parametrize(
        "change",
        [
            {"z": None},
            {"z": "text"},
            {"z": [[0.0, 1.0], [2.0]]},
            {"z": [["a", "b"], ["c", "d"]]},
            {"z": [0.0, 1.0]},
            {"z": []},
            {"z": [[], []]},
            {"z": [[0.0, float("nan")], [1.0, 1.0]]},
            {"z": [[0.0, float("inf")], [1.0, 1.0]]},
            {"z": [[True, False], [False, True]]},
            {"z": [[10**400, 1], [1, 1]]},
            {"beta": [1.0]},
            {"beta": [[0.5], [0.5]]},
            {"beta": [0.0, 0.0]},
            {"beta": [0.5, None]},
            {"gamma": 0},
            {"gamma": -0.1},
            {"gamma": "0.1"},
            {"gamma": [0.1]},
            {"num_points": -1},
            {"num_points": 1.5},
            {"num_points": "9"},
            {"num_points": 10**30},
            {"z": [[0.0, 1e200], [1.0, 1.0]]},
            {"beta": [1e100, 1.0]},
            {"type": "RKMEImageSpecification"},
            {"type": ["RKMETableSpecification"]},
            {"z": [[0.0]] * 10_001, "beta": [1.0] * 10_001},
        ],
        ids=repr,
    )
    def test_broken_states_are_refused(self, change: dict[str, object], tmp_path: Path) -> None:
        states = {**GOOD, **change}
        with pytest.raises(SpecificationError):
            RKMETableSpecification.from_states(states)
        path = tmp_path / "stat.json"
        path.write_text(json.dumps(states))
        spec = RKMETableSpecification.from_states(GOOD)
        with pytest.raises(SpecificationError, match=r"stat\.json"):
            spec.load(str(path))
        np.testing.assert_array_equal(spec.get_z(), GOOD["z"])

    @pytest.mark.parametrize("key", ["z", "beta", "gamma"])
    def test_missing_keys_are_named(self, key: str) -> None:
        with pytest.raises(SpecificationError, match=key):
            RKMETableSpecification.from_states({name: value for name, value in GOOD.items() if name != key})

    @pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b"3", b'"text"', b"[" * 100_000])
    def test_files_that_are_no_specification(self, content: bytes, tmp_path: Path) -> None:
        (tmp_path / "stat.json").write_bytes(content)
        with pytest.raises(SpecificationError):
            RKMETableSpecification().load(str(tmp_path / "stat.json"))

    def test_a_missing_file_is_no_specification_error(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            RKMETableSpecification().load(str(tmp_path / "none.json"))

    def test_an_empty_specification_says_so(self) -> None:
        for call in (RKMETableSpecification().get_z, RKMETableSpecification().get_beta):
            with pytest.raises(SpecificationError, match="empty"):
                call()


class TestGeneration:
    def test_the_published_call_works(self) -> None:
        X = np.random.default_rng(0).normal(size=(150, 4))
        spec = RKMETableSpecification(gamma=0.1, cuda_idx=-1)
        spec.generate_stat_spec_from_data(X, 20, 0.1, 3, True, True)
        assert spec.num_points == 150
        assert spec.get_z().dtype == spec.get_beta().dtype == np.float64
        assert spec.device == "cpu"
        by_keyword = RKMETableSpecification()
        by_keyword.generate_stat_spec(X=X, K=20)
        function = generate_stat_spec("table", X, 0.1, 20, step_size=0.5, steps=9, cuda_idx=0)
        assert spec.to_json() == by_keyword.to_json() == function.to_json()
        published = ["X", "gamma", "reduced_set_size", "step_size", "steps", "nonnegative_beta", "reduce", "cuda_idx"]
        assert list(inspect.signature(generate_rkme_table_spec).parameters)[:8] == published

    def test_equal_seed_equal_bytes_also_in_another_process(self) -> None:
        program = (
            "import numpy as np; from learnware.specification import generate_rkme_table_spec as generate;"
            "print(generate(np.random.default_rng(3).normal(size=(3000, 5)), seed=7).to_json())"
        )
        here = generate_rkme_table_spec(np.random.default_rng(3).normal(size=(3000, 5)), seed=7).to_json()
        again = generate_rkme_table_spec(np.random.default_rng(3).normal(size=(3000, 5)), seed=7).to_json()
        assert here == again
        # Also with another number of threads.
        for threads in ("1", "2"):
            other = subprocess.run(
                [sys.executable, "-c", program],
                env={**os.environ, "OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads},
                capture_output=True,
                text=True,
                check=True,
            )
            assert other.stdout.strip() == here
        assert generate_rkme_table_spec(np.random.default_rng(3).normal(size=(3000, 5)), seed=8).to_json() != here

    def test_global_random_state_is_left_alone(self) -> None:
        np.random.seed(5)  # noqa: NPY002 - the global state is what is tested
        expected = np.random.random()  # noqa: NPY002
        np.random.seed(5)  # noqa: NPY002
        make()
        assert np.random.random() == expected  # noqa: NPY002

    @pytest.mark.parametrize(
        "kwargs",
        [
            {"reduced_set_size": 0},
            {"reduced_set_size": 2.5},
            {"gamma": 0.0},
            {"gamma": "0.1"},
            {"gamma": float("nan")},
            {"quality": "superb"},
            {"privacy_floor": -1},
            {"privacy_floor": 2.5},
            {"reduced_set_size": 10_001},
            {"seed": -1},
        ],
        ids=repr,
    )
    def test_bad_parameters(self, kwargs: dict[str, object]) -> None:
        with pytest.raises(SpecificationError):
            generate_stat_spec("table", np.eye(5), **kwargs)

    def test_unknown_type(self) -> None:
        with pytest.raises(SpecificationError, match="'sound'"):
            generate_stat_spec("sound", np.eye(5))

    def test_progress_is_shown_only_when_asked(self, capfd: pytest.CaptureFixture[str]) -> None:
        make()
        make(progress=False)
        assert capfd.readouterr() == ("", "")
        make(progress=True)
        out, err = capfd.readouterr()
        assert out == ""
        assert "Making the specification" in err

    def test_on_a_terminal_progress_waits_until_the_work_is_long(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        monkeypatch.setattr("learnware.specification._generate._LONG_WORK", 1e9)
        make()
        assert capsys.readouterr() == ("", "")
        monkeypatch.setattr("learnware.specification._generate._LONG_WORK", 0.0)
        make()
        out, err = capsys.readouterr()
        assert out == ""
        assert "Making the specification" in err

    def test_two_threads_at_once(self) -> None:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(4) as pool:
            texts = list(pool.map(lambda seed: make(seed % 2).to_json(), range(8)))
        assert set(texts) == {make(0).to_json(), make(1).to_json()}

    def test_an_iterator_may_make_specifications_itself(self) -> None:
        def chunks():
            for seed in range(3):
                yield make(seed).get_z()

        assert generate_rkme_table_spec(chunks()).num_points == sum(len(make(seed).get_z()) for seed in range(3))
