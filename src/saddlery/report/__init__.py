"""Reports: from labelled results to figures, a table and one HTML page."""

from saddlery.plots.style import colour
from saddlery.report.page import write
from saddlery.report.summary import summary_table, table

__all__ = ["colour", "summary_table", "table", "write"]
