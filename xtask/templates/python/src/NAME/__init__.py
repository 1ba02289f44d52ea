"""Stores the entries of customers."""
