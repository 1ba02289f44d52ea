"""Stores the entries of users."""
