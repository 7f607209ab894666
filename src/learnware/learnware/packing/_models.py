"""Which kind of model it is that shall be packed."""

from __future__ import annotations

import os
import pickle
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learnware.errors import PackError
from learnware.learnware.packing._boosters import (
    plan_lightgbm,
    plan_lightgbm_object,
    plan_xgboost,
    plan_xgboost_object,
)
from learnware.learnware.packing._estimators import plan_estimator, plan_skops
from learnware.learnware.packing._onnx import plan_onnx
from learnware.learnware.packing._plan import import_library
from learnware.learnware.packing._torchscript import plan_exported, plan_torch_object, plan_torchscript

if TYPE_CHECKING:
    from learnware.learnware.packing._plan import ModelPlan

__all__ = ["plan_model"]

_KNOWN = (
    "a fitted scikit-learn estimator (or .joblib, .pkl, .skops), a LightGBM model (or .txt),"
    " an XGBoost model (or .json, .ubj), an ONNX model (or .onnx), a TorchScript module (or .pt, .ts), a program of"
    " torch.export (or .pt2)"
)


def plan_model(model: Any) -> ModelPlan:
    """Return how to pack a model object or file.

    Raises
    ------
    PackError
        If its kind is not known, or it is not fitted.
    MissingDependencyError
        If the library of a model file is not installed.
    """
    if isinstance(model, (str, os.PathLike)):
        return _plan_file(Path(model))
    library = {base.__module__.partition(".")[0] for base in type(model).__mro__}
    if "lightgbm" in library:
        return plan_lightgbm_object(model)
    if "xgboost" in library:
        return plan_xgboost_object(model)
    if "torch" in library and (
        hasattr(model, "graph_signature") or (hasattr(model, "save") and hasattr(model, "code"))
    ):
        return plan_torch_object(model)
    if "onnx" in library and hasattr(model, "SerializeToString"):
        return plan_onnx(model.SerializeToString())
    if hasattr(model, "get_params") and (hasattr(model, "predict") or hasattr(model, "transform")):
        return plan_estimator(model)
    raise PackError(f"a {type(model).__module__}.{type(model).__qualname__} cannot be packed; what can: {_KNOWN}")


def _plan_file(path: Path) -> ModelPlan:
    if not path.is_file():
        raise PackError(f"there is no model file {str(path)!r}")
    suffix = path.suffix.lower()
    if suffix in {".joblib", ".pkl", ".pickle"}:
        try:
            model = import_library("joblib", path).load(path)
        except (pickle.UnpicklingError, EOFError, ValueError, LookupError, AttributeError, ImportError) as error:
            raise PackError(f"{path.name!r} cannot be loaded: {error}") from error
        plan = plan_model(model)
        # An estimator stays in the user's own file; a booster in it is written in its library's own format.
        return replace(plan, files={"model.joblib": path}) if "model.joblib" in plan.files else plan
    if suffix == ".skops":
        return plan_skops(path)
    if suffix == ".txt":
        lightgbm = import_library("lightgbm", path)
        try:
            return plan_lightgbm(lightgbm.Booster(model_file=str(path)))
        except lightgbm.basic.LightGBMError as error:
            raise PackError(f"{path.name!r} is no LightGBM model: {error}") from error
    if suffix in {".json", ".ubj"}:
        xgboost = import_library("xgboost", path)
        try:
            return plan_xgboost(xgboost.Booster(model_file=str(path)))
        except xgboost.core.XGBoostError as error:
            raise PackError(f"{path.name!r} is no XGBoost model: {str(error)[:500]}") from error
    if suffix == ".onnx":
        return plan_onnx(path.read_bytes())
    if suffix in {".pt", ".ts", ".pth", ".torchscript", ".pt2"}:
        import_library("torch", path)
        return (plan_exported if suffix == ".pt2" else plan_torchscript)(path.read_bytes())
    raise PackError(f"{path.name!r} is no model file that can be packed; what can: {_KNOWN}")
