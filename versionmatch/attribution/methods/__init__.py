"""The methods of attribution, each a plugin of ``versionmatch.attributors``."""
