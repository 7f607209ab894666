"""The published contract: ``{"code", "msg", "data"}`` with HTTP 200, for the published client and web apps."""
