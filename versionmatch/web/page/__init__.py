"""The report's template, style and scripts; data, read by ``versionmatch.web.assets``."""
