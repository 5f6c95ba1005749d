"""montecarlo: many simulations of a spicekit bench, with their statistics."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from montecarlo.campaign import Campaign as Campaign
    from montecarlo.characterize import Characterisation as Characterisation
    from montecarlo.rare.study import YieldStudy as YieldStudy
    from montecarlo.replay import replay as replay
    from montecarlo.result import CampaignResult as CampaignResult
    from montecarlo.statistics import MarginStatistics as MarginStatistics
    from montecarlo.statistics import clopper_pearson as clopper_pearson
    from montecarlo.sweep import Sweep as Sweep
    from montecarlo.variation import Correlation as Correlation
    from montecarlo.variation import Space as Space
    from montecarlo.variation import Variation as Variation

_PUBLIC = {
    "Campaign": "campaign", "CampaignResult": "result",
    "Characterisation": "characterize", "Correlation": "variation", "MarginStatistics": "statistics",
    "Space": "variation", "Sweep": "sweep", "Variation": "variation", "YieldStudy": "rare.study",
    "clopper_pearson": "statistics",
}  # fmt: skip
__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'montecarlo' has no attribute '{name}'")
    return getattr(importlib.import_module(f"montecarlo.{_PUBLIC[name]}"), name)
