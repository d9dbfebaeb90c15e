"""The import of a framework, under the name that adapters know it by."""

from common.domain.loading import light_import

__all__ = ["light_import"]
