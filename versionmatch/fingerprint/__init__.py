"""Recognising a recording by the peaks of its spectrum, also in noise, sped up, or in a mix."""
