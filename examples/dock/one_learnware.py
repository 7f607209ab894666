"""The dock's best learnware for iris: found by the data alone, loaded in an environment of its own, used."""

import os

from sklearn.datasets import load_iris
from sklearn.metrics import accuracy_score

from learnware.client import LearnwareClient
from learnware.market import BaseUserInfo
from learnware.specification import generate_stat_spec

email, token = os.environ["LEARNWARE_EMAIL"], os.environ["LEARNWARE_TOKEN"]
client = LearnwareClient()
client.login(email, token)
X, y = load_iris(return_X_y=True)
spec = generate_stat_spec(type="table", X=X)
info = BaseUserInfo(stat_info={spec.type: spec})
best = client.search_learnware(info)["single"]["learnware_ids"][0]
learnware = client.load_learnware(learnware_id=best, runnable_option="conda")
print(accuracy_score(y, learnware.predict(X)))
