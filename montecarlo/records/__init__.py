"""The records of the folders of many simulations: what each JSON file holds.

They are written and read by :mod:`spicekit.records`.  Version 0.1 had neither inputs nor hash of the code: they have defaults.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from montecarlo.records.comparison import AmplifierRow as AmplifierRow
from montecarlo.records.comparison import AmplifierSummary as AmplifierSummary
from montecarlo.records.comparison import CellFigure as CellFigure
from montecarlo.records.comparison import CellRow as CellRow
from montecarlo.records.comparison import CellsRecord as CellsRecord
from montecarlo.records.comparison import CellSummary as CellSummary
from montecarlo.records.comparison import EqualAreaRecord as EqualAreaRecord
from montecarlo.records.comparison import Estimate as Estimate
from montecarlo.records.job import CampaignRecord as CampaignRecord
from montecarlo.records.job import CharacterisationRecord as CharacterisationRecord
from montecarlo.records.job import ComparedMeasure as ComparedMeasure
from montecarlo.records.job import Comparison as Comparison
from montecarlo.records.job import FileName as FileName
from montecarlo.records.job import StudyRecord as StudyRecord
from montecarlo.records.job import SweepRecord as SweepRecord
from montecarlo.records.qualification import QualifyFigure as QualifyFigure
from montecarlo.records.qualification import QualifyPoint as QualifyPoint
from montecarlo.records.qualification import QualifySummary as QualifySummary
from montecarlo.records.rare import CrossCheckSummary as CrossCheckSummary
from montecarlo.records.rare import Deviation as Deviation
from montecarlo.records.rare import FailurePoint as FailurePoint
from montecarlo.records.rare import YieldSummary as YieldSummary
from montecarlo.records.summary import Control as Control
from montecarlo.records.summary import ControlledMeasure as ControlledMeasure
from montecarlo.records.summary import Driver as Driver
from montecarlo.records.summary import ImprovedMeasure as ImprovedMeasure
from montecarlo.records.summary import Improvement as Improvement
from montecarlo.records.summary import MarginSummary as MarginSummary
from montecarlo.records.summary import MeasureSummary as MeasureSummary
from montecarlo.records.summary import Sensitivity as Sensitivity
from montecarlo.records.summary import Summary as Summary
from montecarlo.records.summary import Surrogate as Surrogate
from montecarlo.records.system import Provenance as Provenance
from montecarlo.records.system import SystemFigure as SystemFigure
from montecarlo.records.system import SystemRecord as SystemRecord
from montecarlo.records.variation import CorrelationRecord as CorrelationRecord
from montecarlo.records.variation import PointRecord as PointRecord
from montecarlo.records.variation import VariationRecord as VariationRecord
from spicekit.records import SCHEMA as SCHEMA
from spicekit.records import Calibration as Calibration
from spicekit.records import File as File
from spicekit.records import Run as Run
from spicekit.records import checked as checked
from spicekit.records import parse as parse
from spicekit.records import read as read
from spicekit.records import typed as typed
from spicekit.records import write as write


def without_nan(value: Any) -> Any:
    """Plain Python numbers; what is not known is null."""
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
