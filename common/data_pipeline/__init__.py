"""Market data: importers, store, quality, resampling, export and the synthetic venue."""
