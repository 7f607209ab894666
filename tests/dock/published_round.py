"""A round of the published client against a dock; run by `test_published_clients`, in an environment that has it."""

import json
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
from learnware.client.learnware_client import SemanticSpecificationKey

from learnware.client import LearnwareClient
from learnware.market import BaseUserInfo
from learnware.specification import generate_rkme_table_spec


def main(host: str, email: str, token: str, package: str, folder: str) -> dict:
    client = LearnwareClient(host)
    assert client.is_connected()
    client.login(email, token)
    told = {"vocabulary": client.list_semantic_specification_values(SemanticSpecificationKey.DATA_TYPE)}
    semantic = json.loads(zipfile.ZipFile(package).read("semantic_specification.json"))
    learnware_id = client.upload_learnware(package, semantic)
    told["id"] = learnware_id
    give_up = time.monotonic() + 120
    while True:
        (mine,) = [one for one in client.list_learnware() if one["learnware_id"] == learnware_id]
        if mine["verify_status"] in {"SUCCESS", "FAIL"} or time.monotonic() > give_up:
            break
        time.sleep(0.5)
    told["status"] = mine["verify_status"]
    semantic["Description"]["Values"] = "Changed by the published client, as it does that."
    client.update_learnware(learnware_id, semantic)
    # What was before serves until the new version is verified.
    while time.monotonic() < give_up:
        told["description"] = client.get_semantic_specification(learnware_id)["Description"]["Values"]
        if told["description"].startswith("Changed"):
            break
        time.sleep(0.5)
    spec = generate_rkme_table_spec(np.random.default_rng(0).normal(size=(200, 3)), reduced_set_size=5)
    searches = {
        "statistical": BaseUserInfo(stat_info={spec.type: spec}),
        "semantic": BaseUserInfo(semantic_spec={"Name": {"Type": "String", "Values": "iris"}}),
        "both": BaseUserInfo(semantic_spec={"Name": {"Type": "String", "Values": "iris"}}, stat_info={spec.type: spec}),
    }
    for name, info in searches.items():
        told[name] = client.search_learnware(info)["single"]["learnware_ids"]
    target = Path(folder) / "fetched.zip"
    client.download_learnware(learnware_id, str(target))
    told["members"] = sorted(zipfile.ZipFile(target).namelist())
    client.delete_learnware(learnware_id)
    told["left"] = [one["learnware_id"] for one in client.list_learnware()]
    client.logout()
    return told


if __name__ == "__main__":
    sys.stdout.write("RESULT " + json.dumps(main(*sys.argv[1:])) + "\n")
