"""Tests of the ledger, its services, API and pages."""
