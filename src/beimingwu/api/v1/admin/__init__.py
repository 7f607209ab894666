"""Administration: one router for each resource, all below ``/api/v1/admin``."""
