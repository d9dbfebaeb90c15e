"""Times as ISO 8601 writes them, in UTC: they sort, and look alike here and in the API."""

DATETIME_FORMAT = "Y-m-d H:i"
DATE_FORMAT = "Y-m-d"
TIME_FORMAT = "H:i"
