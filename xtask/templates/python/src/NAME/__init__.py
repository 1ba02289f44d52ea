"""Keeps what users write down."""
