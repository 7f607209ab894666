"""The dock's own API, ``/api/v1``: REST, typed, problems of RFC 9457."""
