"""Several of the dock's learnwares for handwritten digits, each good at a part of them, and a vote."""

import os

from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score

from learnware.client import LearnwareClient
from learnware.market import BaseUserInfo
from learnware.reuse import AveragingReuser
from learnware.specification import generate_stat_spec

email, token = os.environ["LEARNWARE_EMAIL"], os.environ["LEARNWARE_TOKEN"]
client = LearnwareClient()
client.login(email, token)
X, y = load_digits(return_X_y=True)
spec = generate_stat_spec(type="table", X=X)
info = BaseUserInfo(stat_info={spec.type: spec})
ids = client.search_learnware(info)["multiple"]["learnware_ids"]
learnwares = client.load_learnware(learnware_id=ids, runnable_option="conda")
print(accuracy_score(y, AveragingReuser(learnwares, mode="vote_by_label").predict(X)))
