"""Receives webhooks, checks their signature and passes them on."""

__version__ = "3.0.0"
