"""The audience: who comes, signed in or not, counted with respect; jobs; what other instances report."""

from user_stats.audience.audience import Audience
from user_stats.audience.figures import Active, CheckIn, DayFigures, Figure, Totals
from user_stats.audience.instances import Instance, Report
from user_stats.audience.jobs import JobFigures
from user_stats.audience.log_imports import LogImport
from user_stats.audience.overview import Overview
from user_stats.audience.visitors import is_client_id
from user_stats.audience.visits import Visit

__all__ = [
    "Active",
    "Audience",
    "CheckIn",
    "DayFigures",
    "Figure",
    "Instance",
    "JobFigures",
    "LogImport",
    "Overview",
    "Report",
    "Totals",
    "Visit",
    "is_client_id",
]
