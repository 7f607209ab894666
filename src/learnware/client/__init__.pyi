from ._client import LearnwareClient as LearnwareClient
