"""montecarlo: many simulations of a spicekit bench, with their statistics."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from montecarlo.jobs.campaign import Campaign as Campaign
    from montecarlo.jobs.characterisation import Characterisation as Characterisation
    from montecarlo.jobs.result import CampaignResult as CampaignResult
    from montecarlo.jobs.study import YieldStudy as YieldStudy
    from montecarlo.jobs.sweep import Sweep as Sweep
    from montecarlo.statistics.margins import MarginStatistics as MarginStatistics
    from montecarlo.statistics.margins import clopper_pearson as clopper_pearson
    from montecarlo.variation import Correlation as Correlation
    from montecarlo.variation import Space as Space
    from montecarlo.variation import Variation as Variation

_PUBLIC = {
    "Campaign": "jobs.campaign", "CampaignResult": "jobs.result", "Characterisation": "jobs.characterisation",
    "Correlation": "variation", "MarginStatistics": "statistics.margins", "Space": "variation", "Sweep": "jobs.sweep",
    "Variation": "variation", "YieldStudy": "jobs.study", "clopper_pearson": "statistics.margins",
}  # fmt: skip
__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'montecarlo' has no attribute '{name}'")
    return getattr(importlib.import_module(f"montecarlo.{_PUBLIC[name]}"), name)
